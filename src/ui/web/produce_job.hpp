// The one produce run that may be in progress, on a separate thread.
#pragma once

#include "web/web.hpp"

#include <atomic>
#include <functional>
#include <thread>

namespace logpipe::web {

/// start() and the destructor belong to one thread at a time. The destructor waits for a run in progress.
class produce_job final {
  public:
    explicit produce_job(std::function<produce_response(produce_request const&)> run) : run_{std::move(run)} {}

    /// @param finished  gets the response, on the job's thread, and another run may start from there on; or at once,
    /// while one is in progress, a 409.
    void start(produce_request what, std::move_only_function<void(produce_response)> finished);

  private:
    std::function<produce_response(produce_request const&)> const run_;
    std::atomic<bool> running_ = false;
    std::jthread thread_;
};

}  // namespace logpipe::web
