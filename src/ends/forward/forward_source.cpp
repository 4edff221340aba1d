#include "forward_metrics.hpp"
#include "forward_server.hpp"
#include "handshake.hpp"

#include "forward/forward.hpp"

#include <fmt/format.h>

namespace logpipe::forward {

namespace {

// A record's offset in its batch has 32 bits, and JSON text is up to seven times as long as the msgpack it comes from.
constexpr std::size_t bytes_limit_max = std::size_t{256} << 20U;
// A level of nesting is a call.
constexpr std::uint32_t nesting_limit_max = 1024;

forward_limits limits_of(forward_source_options const& options) {
    return {.message_bytes_max = options.message_bytes_max,
            .decompressed_bytes_max = options.decompressed_bytes_max,
            .event_bytes_max = options.event_bytes_max,
            .entries_max = options.entries_max,
            .nesting_max = options.nesting_max};
}

/// Offsets count the events since the process started: a client that was not acked retries, so none is kept.
class listening_source final : public forward_source {
  public:
    explicit listening_source(forward_source_options options)
        : options_{std::move(options)},
          identity_{fmt::format("forward:{}", random_hex(8))},
          inbox_{event_decoder{
                     {.limits = limits_of(options_),
                      .trust_chunk_ids = options_.trust_chunk_ids,
                      .parts = {.timeout = options_.partial_timeout, .line_bytes_max = options_.partial_bytes_max}}},
                 options_.pending_bytes_max, process_memory(), "forward events"},
          server_{options_, limits_of(options_), inbox_} {}

    result<> open() override {
        if (options_.message_bytes_max > bytes_limit_max || options_.decompressed_bytes_max > bytes_limit_max)
            return error{errc::invalid_argument, fmt::format("--message-bytes-max and --decompressed-bytes-max: "
                                                             "expected at most {}",
                                                             bytes_limit_max)};
        if (options_.nesting_max > nesting_limit_max)
            return error{errc::invalid_argument, fmt::format("--nesting-max: expected at most {}", nesting_limit_max)};
        if (options_.connections_max == 0)
            return error{errc::invalid_argument, "forward: at least one connection must be allowed"};
        auto opened = server_.open();
        if (!opened) return in_context("forward", opened.error());
        return {};
    }
    std::string identity() const override { return identity_; }
    result<> seek(std::span<position const> stored) override {
        if (stored.empty()) return {};
        return error{errc::invalid_argument, "forward: a listener cannot go back to a position"};
    }
    result<> read(batch& into, steady_time until) override {
        bool made_room = false;
        auto const taken = inbox_.take(into, until, made_room);
        if (made_room) server_.made_room();
        if (taken == inbox::taken::closed_and_empty) return error{errc::end_of_input, "forward: stopped"};
        if (taken == inbox::taken::events) into.origin = "forward";
        return {};
    }
    result<> commit(std::span<progress const> safe) override {
        for (auto const& part : safe)
            if (part.safe.partition == 0) server_.ack_until(part.safe.offset);
        return {};
    }
    void stop() override { server_.stop(); }
    void wake() override { inbox_.wake(); }
    std::uint16_t port() const override { return server_.port(); }

    stage_status status() const override {
        stage_status status;
        status.name = "forward_source";
        server_.describe(status);
        auto const counts = inbox_.counts();
        status.metrics.emplace_back(metrics::pending_bytes, inbox_.bytes());
        status.metrics.emplace_back(metrics::events, counts.events);
        status.metrics.emplace_back(metrics::events_rejected, counts.rejected_events);
        status.metrics.emplace_back(metrics::messages_rejected, counts.rejected_messages);
        status.metrics.emplace_back(metrics::strings_escaped, counts.escaped_strings);
        status.metrics.emplace_back(metrics::metadata_dropped, counts.metadata_dropped);
        status.metrics.emplace_back(metrics::partials_held, counts.parts_held);
        status.metrics.emplace_back(metrics::partial_lines_joined, counts.lines_joined);
        status.metrics.emplace_back(metrics::partials_timed_out, counts.parts_timed_out);
        status.metrics.emplace_back(metrics::partials_apart, counts.parts_apart);
        return status;
    }

  private:
    forward_source_options const options_;
    std::string const identity_;
    inbox inbox_;
    forward_server server_;  // after the inbox, which it fills
};

}  // namespace

std::unique_ptr<forward_source> make_forward_source(forward_source_options options) {
    return std::make_unique<listening_source>(std::move(options));
}

}  // namespace logpipe::forward
