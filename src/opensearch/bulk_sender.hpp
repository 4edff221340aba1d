// The network side of the OpenSearch sink: a fixed number of connections, each with one request in flight, which it
// sends until every item of it has its fate.
#pragma once

#include "bulk_queue.hpp"
#include "bulk_response.hpp"
#include "reject_breaker.hpp"

#include "logpipe/opensearch.hpp"

#include "base/backoff.hpp"
#include "base/log.hpp"
#include "base/rest_connection.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace logpipe {

/// Owned by the sink. Its thread is `os-out`; the public functions may be called from any.
class bulk_sender final {
  public:
    /// @param finished  called on the sender's thread with each batch that is done
    bulk_sender(opensearch_sink_options const& options, rest_target target, bulk_queue& queue,
                std::function<void(batch&&)> finished);
    ~bulk_sender();

    /// There is something new in the queue.
    void wake();
    /// What a body may have: less than the option once the server has refused one as too large.
    [[nodiscard]] std::size_t body_bytes_max() const noexcept { return body_bytes_max_; }
    void describe(stage_status& into) const;

  private:
    /// One connection and what is sent over it.
    struct lane {
        lane(boost::asio::io_context& io, rest_target& target, backoff_options how)
            : connection{io, target}, pause{io}, retry_wait{how} {}
        rest_connection connection;
        boost::asio::steady_timer pause;
        backoff retry_wait;
        bool idle = false;                        // its pause is for work, not for time
        std::vector<bulk_request_ptr> unsettled;  // the last one is next; more than one after a split
        std::vector<bulk_item> left;
        unsigned failures = 0;  // in a row
    };
    /// Why nothing gets through on a lane; for describe().
    struct trouble {
        std::string why;
        bool shown = false;
    };

    [[nodiscard]] boost::asio::awaitable<void> run(lane& on, trouble& with);
    [[nodiscard]] boost::asio::awaitable<void> send(lane& on, trouble& with);
    void judge(result<rest_answer> answer, bulk_request const& sent);
    void settle(lane& on);
    void refuse(bulk_item const& item, std::string_view reason);
    void split(lane& on);
    [[nodiscard]] boost::asio::awaitable<void> wait(lane& on, trouble& with, bool held);
    void went_well(lane& on, trouble& with);

    opensearch_sink_options const options_;
    rest_target target_;
    bulk_queue& queue_;
    std::function<void(batch&&)> const finished_;
    std::string const path_;

    boost::asio::io_context io_{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> keep_running_;
    std::vector<std::unique_ptr<lane>> lanes_;
    bool stopped_ = false;  // the network thread's, as all down to the log limit
    bulk_response_reader reader_;
    bulk_outcome outcome_;  // of the answer at hand
    reject_breaker breaker_;
    log_limit log_limit_;

    std::atomic<std::size_t> body_bytes_max_;
    std::atomic<std::uint64_t> requests_{0};
    std::atomic<std::uint64_t> retries_{0};
    std::atomic<std::uint64_t> items_again_{0};
    std::atomic<std::uint64_t> indexed_{0};
    std::atomic<std::uint64_t> already_there_{0};
    std::atomic<std::uint64_t> rejected_{0};
    std::atomic<std::uint64_t> bytes_{0};
    std::atomic<std::uint64_t> in_flight_{0};
    std::atomic<std::uint64_t> answer_microseconds_{0};
    mutable std::mutex mutex_;  // guards the two below
    std::vector<trouble> troubles_;
    std::string tripped_;  // set once the breaker has

    std::jthread thread_;  // last: it uses all of the above
};

}  // namespace logpipe
