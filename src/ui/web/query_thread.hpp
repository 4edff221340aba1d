// Runs the page's queries one after the other, so that a slow query of the store never delays other requests.
#pragma once

#include "core/mutex.hpp"
#include "core/thread.hpp"
#include "page_api.hpp"

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <thread>

namespace logpipe::web {

/// Clients take turns: one with many queries waits for its own only. Any thread submits. The destructor responds to
/// what waits with 503.
class query_thread final {
  public:
    /// @param name  of the thread
    query_thread(std::string name, page_options options);
    ~query_thread();
    query_thread(query_thread const&) = delete;
    query_thread& operator=(query_thread const&) = delete;

    /// @param client  its address
    /// @param respond  gets the response, on the thread; or at once, where too many wait
    void submit(std::string const& client, page_query query, std::move_only_function<void(web_response)> respond);

    /// How many got 503 because too many waited. Any thread.
    [[nodiscard]] std::uint64_t rejected() const noexcept { return rejected_; }

  private:
    using responder = std::move_only_function<void(web_response)>;
    struct pending_query {
        page_query query;
        responder respond;
    };
    void run();
    [[nodiscard]] responder evict(std::string const& client) LOGPIPE_REQUIRES(mutex_);
    [[nodiscard]] pending_query take_next() LOGPIPE_REQUIRES(mutex_);

    std::size_t const queries_max_;
    query_context context_;
    mutex mutex_;
    condition changed_;
    std::map<std::string, std::deque<pending_query>> waiting_
        LOGPIPE_GUARDED_BY(mutex_);                             // by client, none of them empty
    std::deque<std::string> turns_ LOGPIPE_GUARDED_BY(mutex_);  // the keys of waiting_, who is next first
    std::size_t waiting_count_ LOGPIPE_GUARDED_BY(mutex_) = 0;
    bool ending_ LOGPIPE_GUARDED_BY(mutex_) = false;
    std::atomic<std::uint64_t> rejected_{0};
    std::jthread thread_;
};

}  // namespace logpipe::web
