// Sends lines to Loki, one request after the other, and decides by the responses what becomes of them.
#pragma once

#include "json_fields.hpp"
#include "push_lanes.hpp"
#include "push_request.hpp"
#include "push_response.hpp"
#include "stream_table.hpp"

#include "loki/loki.hpp"

#include "core/log.hpp"
#include "core/retry_loop.hpp"
#include "core/stage_health.hpp"
#include "net/host_list.hpp"
#include "net/http_client.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace logpipe::loki {

/// One for each server, at least one. @return errc::invalid_argument for an address, file or credential that can never
/// work
[[nodiscard]] result<std::vector<net::http_target>> targets_of(loki_sink_options const& options);

/// Any thread.
struct push_counts {
    std::atomic<std::uint64_t> pushes{0};
    std::atomic<std::uint64_t> retries{0};
    std::atomic<std::uint64_t> bytes_out{0};
    std::atomic<std::uint64_t> streams{0};
    std::atomic<std::uint64_t> merged{0};
    std::atomic<std::uint64_t> splits{0};
    std::array<std::atomic<std::uint64_t>, drop_reason_names.size()> dropped{};
};

/// Owned by the sink, whose thread `loki-out` calls everything but reload(), cancel() and describe().
class push_sender final {
  public:
    /// @param options  outlive the sender
    explicit push_sender(loki_sink_options const& options);

    /// Before anything else, once; from any thread.
    [[nodiscard]] result<> open();
    /// For the next request; an open connection keeps its certificates. After open().
    [[nodiscard]] result<> reload();
    /// For good. After open().
    void cancel();

    /// @param bytes  what `events` counts for until it is finished
    void add(batch&& events, std::size_t bytes);
    /// When send_due() has something to send; none without lines.
    [[nodiscard]] std::optional<steady_time> due() const { return lanes_.due(); }
    /// Sends the request that is the longest overdue, where one is. @return until when the sink has to wait: Loki is
    /// down
    [[nodiscard]] std::optional<steady_time> send_due();
    /// Batches on whose lines Loki has decided since the last call.
    [[nodiscard]] std::vector<push_lanes::pending_batch> finished() { return lanes_.finished(); }
    [[nodiscard]] push_lanes::throttled_lines throttled() const { return lanes_.throttled(); }

    /// Whether it is up, retries and metrics.
    void describe(stage_status& into) const;

  private:
    using wait = std::optional<steady_time>;

    [[nodiscard]] std::string const& stream_of(push_lanes::line const& one);
    [[nodiscard]] result<net::http_response> push(std::string const& body);
    [[nodiscard]] std::string encode(std::span<push_lanes::line const> lines);
    [[nodiscard]] wait decide(push_lanes::lane& by, std::size_t count, net::http_response const& response);
    void reject(push_lanes::lane& by, std::size_t count, std::string_view body, std::string_view words);
    [[nodiscard]] wait throttle(push_lanes::lane& by, std::size_t count, std::string_view body, std::string reason);
    void drop(push_rejection const& what, std::string_view stream, std::string_view words);
    [[nodiscard]] wait failed(error reason);
    void recovered();

    loki_sink_options const& options_;
    std::deque<net::http_client> clients_;  // one for each host; from open() on
    std::optional<net::host_list> hosts_;   // the same
    stream_table streams_;
    push_request request_;
    entry_reader reader_;
    push_lanes lanes_;
    retry_loop retry_;
    std::uint64_t merged_in_request_ = 0;
    log_limit trouble_;
    log_limit dropped_log_;
    log_limit throttled_log_;
    stage_health health_;
    push_counts counts_;
};

}  // namespace logpipe::loki
