#include "produce_job.hpp"

#include "core/thread.hpp"

#include <memory>

namespace logpipe::web {

void produce_job::start(produce_request what, std::move_only_function<void(produce_response)> finished) {
    if (running_.exchange(true)) {
        finished({.status = 409, .message = "A run is in progress; retry when it has ended.", .events = 0});
        return;
    }
    // std::function needs a copyable target, which `finished` is not.
    auto const respond = std::make_shared<std::move_only_function<void(produce_response)>>(std::move(finished));
    thread_ = start_thread("web-produce", [this, respond, what = std::move(what)] {
        auto response = run_(what);
        // Before the response: a client that has it may start the next run at once.
        running_ = false;
        (*respond)(std::move(response));
    });
}

}  // namespace logpipe::web
