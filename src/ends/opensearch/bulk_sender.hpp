// The network side of the OpenSearch sink: a fixed number of connections, each with one request in flight, which it
// sends until every item of it has its fate. Items that fail while others go in are set apart and sent again later.
#pragma once

#include "bulk_queue.hpp"
#include "bulk_response.hpp"
#include "retry_queue.hpp"
#include "target_breaker.hpp"

#include "opensearch/opensearch.hpp"

#include "core/backoff.hpp"
#include "core/log.hpp"
#include "net/http_connection.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace logpipe::opensearch {

/// Owned by the sink. Its thread is `os-out`; the public functions may be called from any.
class bulk_sender final {
  public:
    /// @param reports  outlives it; gets each batch that is done, on the sender's thread
    bulk_sender(opensearch_sink_options const& options, net::http_target target, bulk_queue& queue,
                completions& reports);
    ~bulk_sender();

    /// There is something new in the queue.
    void wake();
    /// The next request goes to this server, with these fields and certificates.
    void use(net::http_target target);
    /// What a body may have: less than the option once the server has refused one as too large.
    [[nodiscard]] std::size_t body_bytes_max() const noexcept { return body_bytes_max_; }
    void describe(stage_status& into) const;

  private:
    /// One connection and what is sent over it.
    struct lane {
        lane(boost::asio::io_context& io, net::http_target& target, backoff_options how)
            : connection{io.get_executor(), target}, pause{io}, retry_wait{how} {}
        net::http_connection connection;
        boost::asio::steady_timer pause;
        backoff retry_wait;
        bool idle = false;                        // its pause ends when there is something to do
        bool sending = false;                     // its last request is in flight
        bool queue_full = false;                  // what is left has no room in the retry queue
        bool left_over = false;                   // beside what is left of its requests, others went in
        std::vector<bulk_request_ptr> unsettled;  // the last one is next; more than one after a split
        std::vector<bulk_item> left;
        unsigned failures = 0;  // in a row
    };
    /// Why nothing gets through on a lane; for describe().
    struct trouble {
        std::string reason;
        bool shown = false;
    };
    /// A document to try an open breaker with: of a lane's next request, or of the retry queue.
    struct candidate {
        lane* of = nullptr;  // none: of the retry queue
        std::size_t index = 0;
    };

    // bulk_sender.cpp: what is sent when.
    [[nodiscard]] boost::asio::awaitable<void> run(lane& on, trouble& with);
    [[nodiscard]] boost::asio::awaitable<void> send(lane& on, trouble& with);
    [[nodiscard]] boost::asio::awaitable<void> send_again(lane& on, trouble& with, std::vector<retry_entry> entries);
    [[nodiscard]] boost::asio::awaitable<void> probe(lane& on, candidate of);
    [[nodiscard]] boost::asio::awaitable<void> ask(lane& on, bulk_request& request);
    [[nodiscard]] boost::asio::awaitable<void> wait_idle(lane& on);
    [[nodiscard]] boost::asio::awaitable<void> wait(lane& on, trouble& with);
    void made_progress(lane& on, trouble& with);
    [[nodiscard]] std::vector<lane*> holding_lanes() const;
    [[nodiscard]] std::optional<candidate> next_candidate();
    void wake_idle();

    // bulk_sender_answers.cpp: what follows from an answer, outcome_.
    void judge(result<net::http_response> answer, bulk_request const& sent);
    void settle(lane& on);
    void settle_again(std::vector<retry_entry>& entries);
    void settle_again_whole(std::vector<retry_entry>& entries);
    [[nodiscard]] bool give_up(retry_entry& entry, bool counts, bool refused);
    void settle_probe(candidate const& of, std::optional<retry_entry> entry, bulk_item const& item);
    [[nodiscard]] bool settle_failed(bulk_item const& item, item_fate fate, item_reason const& reason, bool proven);
    void set_apart(bulk_item const& item, std::uint64_t tries, std::string_view reason);
    void take_in(bulk_item const& item, item_fate fate);
    void refuse(bulk_item const& item, std::string reason);
    void finish(bulk_item const& item);
    void split(lane& on);
    void halve(lane& on);
    void hold_whole(lane& on);
    void show_breaker();
    void forget(retry_entry const& entry);
    void show_retries();

    opensearch_sink_options const options_;
    net::http_target target_;
    bulk_queue& queue_;
    completions& reports_;
    std::string const path_;

    boost::asio::io_context io_{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> keep_running_;
    std::vector<std::unique_ptr<lane>> lanes_;
    bool stopped_ = false;  // the network thread's, as all down to the log limit
    bulk_response_reader reader_;
    bulk_outcome outcome_;  // of the answer at hand
    target_breaker breaker_;
    bool probing_ = false;
    std::size_t probes_ = 0;  // since it opened
    steady_time next_probe_;
    backoff probe_wait_;
    retry_queue retries_apart_;
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
    std::atomic<std::uint64_t> apart_total_{0};
    std::atomic<std::uint64_t> apart_events_{0};
    std::atomic<std::uint64_t> apart_bytes_{0};
    std::atomic<std::uint64_t> probes_total_{0};
    mutable std::mutex mutex_;  // guards the two below
    std::vector<trouble> troubles_;
    std::string paused_;  // the breaker's reason, while it is open

    std::jthread thread_;  // last: it uses all of the above
};

}  // namespace logpipe::opensearch
