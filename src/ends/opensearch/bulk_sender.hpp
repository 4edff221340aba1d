// The network side of the OpenSearch sink: a fixed number of connections, each with one request in flight, which it
// sends until every item of it has its fate. Items that fail while others are stored go through the retry queue.
#pragma once

#include "bulk_queue.hpp"
#include "document_outcomes.hpp"
#include "request_pace.hpp"

#include "opensearch/opensearch.hpp"

#include "core/backoff.hpp"
#include "core/log.hpp"
#include "core/stage_health.hpp"
#include "net/host_list.hpp"
#include "net/http_connection.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace logpipe::opensearch {

/// When an open breaker is probed. One thread.
struct probe_schedule {
    backoff wait;
    steady_time next{};
    std::size_t count = 0;  ///< since the breaker opened
    bool sending = false;
    bool open = false;
};

/// Owned by the sink. Its thread is `os-out`; the public functions may be called from any.
class bulk_sender final {
  public:
    /// @param reports  outlives it; gets each batch that is done, on the sender's thread
    bulk_sender(opensearch_sink_options const& options, std::vector<net::http_target> targets, bulk_queue& queue,
                std::shared_ptr<request_pace> pace, completions& reports);
    ~bulk_sender();

    /// There is something new in the queue.
    void wake();
    /// From the next requests on, with these fields and certificates: the same servers in the same order.
    void use(std::vector<net::http_target> targets);
    /// What a body may have.
    [[nodiscard]] std::size_t body_bytes_max() const { return std::min(outcomes_.body_bytes_max(), pace_->bytes()); }
    void describe(stage_status& into) const;

  private:
    /// One request at a time, over a connection to each server that it has come to.
    struct lane {
        lane(boost::asio::io_context& io, std::size_t servers, backoff_options how)
            : connections(servers), pause{io}, retry_wait{how} {}
        std::vector<std::unique_ptr<net::http_connection>> connections;  // none where none was needed yet
        boost::asio::steady_timer pause;
        backoff retry_wait;
        bool idle = false;     // its pause ends when there is something to do
        bool sending = false;  // its last request is in flight
        request_pace::permit permit{};
        lane_requests requests;
        unsigned failures = 0;  // in a row
        stage_health health;    // down once they are worth an alarm
    };
    /// A document to probe the target with: of a lane's next request, or of the retry queue.
    struct candidate {
        lane* of = nullptr;  // none: of the retry queue
        std::size_t index = 0;
    };

    [[nodiscard]] boost::asio::awaitable<void> run(lane& on);
    [[nodiscard]] boost::asio::awaitable<void> send(lane& on);
    [[nodiscard]] boost::asio::awaitable<void> send_retries(lane& on, std::vector<retry_entry> entries);
    [[nodiscard]] boost::asio::awaitable<void> probe(lane& on, candidate of);
    [[nodiscard]] boost::asio::awaitable<void> exchange(lane& on, bulk_request& request);
    [[nodiscard]] boost::asio::awaitable<void> wait_idle(lane& on);
    [[nodiscard]] net::http_connection& connection_of(lane& on, std::size_t host);
    [[nodiscard]] boost::asio::awaitable<void> wait(lane& on);
    void made_progress(lane& on);
    [[nodiscard]] std::vector<lane*> lanes_with_requests() const;
    [[nodiscard]] std::optional<candidate> next_candidate();
    void note_breaker();
    void wake_idle();
    void count_load(lane& on, bool responded);
    void shrink(lane& on);

    opensearch_sink_options const options_;
    std::vector<net::http_target> targets_;  // the connections', so it keeps its size
    net::host_list hosts_;
    bulk_queue& queue_;
    std::shared_ptr<request_pace> const pace_;
    std::string const path_;

    boost::asio::io_context io_{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> keep_running_;
    std::vector<std::unique_ptr<lane>> lanes_;
    bool stopped_ = false;  // the network thread's, as all down to the log limit
    document_outcomes outcomes_;
    probe_schedule probes_;
    log_limit log_limit_;

    std::atomic<std::uint64_t> requests_{0};
    std::atomic<std::uint64_t> retries_{0};
    std::atomic<std::uint64_t> documents_retried_{0};
    std::atomic<std::uint64_t> bytes_{0};
    std::atomic<std::uint64_t> in_flight_{0};
    std::atomic<std::uint64_t> response_microseconds_{0};
    std::atomic<std::uint64_t> probes_total_{0};

    std::jthread thread_;  // last: it uses all of the above
};

}  // namespace logpipe::opensearch
