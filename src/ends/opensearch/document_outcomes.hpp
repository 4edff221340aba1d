// What becomes of each document by the responses to its requests: stored, a dead letter, in the retry queue, or sent
// again with what is left of its request. No I/O.
#pragma once

#include "bulk_queue.hpp"
#include "bulk_response.hpp"
#include "retry_queue.hpp"
#include "target_breaker.hpp"

#include "opensearch/opensearch.hpp"

#include "core/log.hpp"
#include "core/stage_health.hpp"
#include "net/http_target.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace logpipe::opensearch {

/// What one connection has to send: a request, or what is left of one.
struct lane_requests {
    std::vector<bulk_request_ptr> pending;  ///< the last one is next; more than one after a split
    std::vector<bulk_item> left;            ///< of the next one, after its response: to be retried as they are
    bool retry_queue_full = false;          ///< what is left finds no room there
    bool others_stored = false;             ///< beside what is left, other documents of it were stored
};

/// Any thread reads them.
struct document_counts {
    std::atomic<std::uint64_t> indexed{0};
    std::atomic<std::uint64_t> duplicates{0};
    std::atomic<std::uint64_t> rejected{0};
    std::atomic<std::uint64_t> retry_queued{0};
    std::atomic<std::uint64_t> retry_queue_events{0};
    std::atomic<std::uint64_t> retry_queue_bytes{0};
    std::atomic<std::uint64_t> splits{0};
};

/// One thread, but for what says otherwise.
class document_outcomes final {
  public:
    /// @param reports  gets each batch that is done
    /// @param on_retry_queued  called after a document was moved to the retry queue
    document_outcomes(opensearch_sink_options const& options, bulk_queue& queue, completions& reports,
                      std::function<void()> on_retry_queued);

    /// Reads a response, or why there is none, into last().
    void read(result<net::http_response> response, bulk_request const& sent);
    [[nodiscard]] bulk_outcome const& last() const noexcept { return last_; }

    // What follows from last().
    /// For each document of the next request. What is to be retried is in `of.left`.
    void apply(lane_requests& of);
    /// For documents of the retry queue that were sent in one request.
    void apply_to_retried(std::vector<retry_entry>& entries);
    /// The same where the request as a whole was not accepted.
    void apply_to_retried_request(std::vector<retry_entry>& entries);
    /// @param from, index  where the probe's item is, unless it is `entry`
    void apply_to_probe(bulk_item const& item, lane_requests* from, std::size_t index, std::optional<retry_entry> entry,
                        std::size_t probe_count);
    /// The next request is too large: two halves in its place; a single document is rejected.
    void split(lane_requests& of);
    /// The next request has two halves in its place.
    void halve(lane_requests& of);
    /// The next request was rejected as a whole.
    void pause(lane_requests& of);

    [[nodiscard]] target_breaker const& breaker() const noexcept { return breaker_; }
    [[nodiscard]] retry_queue& retries() noexcept { return retry_queue_; }
    /// Less than the option once the server has rejected a request as too large. Any thread.
    [[nodiscard]] std::size_t body_bytes_max() const noexcept { return body_bytes_max_; }
    [[nodiscard]] document_counts const& counts() const noexcept { return counts_; }
    /// Down while the breaker is open. Any thread.
    [[nodiscard]] stage_health const& health() const noexcept { return health_; }

  private:
    [[nodiscard]] bool handle_failed(bulk_item const& item, item_fate fate, item_reason const& reason,
                                     bool target_works);
    void move_to_retry_queue(bulk_item const& item, std::uint64_t attempts, std::string_view reason);
    [[nodiscard]] bool end_retries(retry_entry& entry, bool counts, bool rejected);
    void store(bulk_item const& item, item_fate fate);
    void reject(bulk_item const& item, std::string reason);
    void complete(bulk_item const& item);
    void forget(retry_entry const& entry);
    void note_breaker();
    void note_retry_queue();

    bulk_queue& queue_;
    completions& reports_;
    std::function<void()> const on_retry_queued_;
    bulk_response_reader reader_;
    bulk_outcome last_;
    target_breaker breaker_;
    retry_queue retry_queue_;
    log_limit log_limit_;
    stage_health health_;
    std::atomic<std::size_t> body_bytes_max_;
    document_counts counts_;
};

}  // namespace logpipe::opensearch
