#include "chunk_queue.hpp"
#include "forward_client.hpp"
#include "forward_metrics.hpp"

#include "forward/forward.hpp"

#include <atomic>

namespace logpipe::forward {

namespace {

/// At least once by itself: a chunk whose ack was lost is retried, equal to the byte, and its events are duplicates
/// where they are stored.
class connecting_sink final : public sink {
  public:
    explicit connecting_sink(forward_sink_options options)
        : options_{std::move(options)},
          chunks_{options_.in_flight_max, {.compress = options_.compress, .line_key = options_.line_key}},
          client_{options_, chunks_, [this](batch&& finished) { reports_.load()->done(std::move(finished)); }} {}

    result<> open(completions& reports) override {
        if (options_.in_flight_max == 0)
            return error{errc::invalid_argument, "forward: at least one chunk must be allowed in flight"};
        reports_ = &reports;
        auto connected = client_.connect();
        if (!connected) return in_context("forward", connected.error());
        return {};
    }
    result<> write(batch& events) override {
        auto added = chunks_.add(events);
        if (!added) return added.error();
        if (*added)
            reports_.load()->done(*std::move(*added));
        else
            client_.send();
        return {};
    }
    /// What was written is on its way already.
    result<> flush() override { return {}; }
    result<std::optional<std::vector<progress>>> stored(std::string const&) override {
        return std::optional<std::vector<progress>>{};
    }
    void cancel() override {
        chunks_.cancel();
        client_.cancel();
    }
    stage_status status() const override {
        stage_status status;
        status.name = "forward_sink";
        client_.describe(status);
        auto const counts = chunks_.counts();
        status.retries = counts.retried;
        status.metrics.emplace_back(metrics::chunks_unacked, counts.unacked);
        status.metrics.emplace_back(metrics::chunks_acked, counts.acked);
        status.metrics.emplace_back(metrics::chunks_retried, counts.retried);
        status.metrics.emplace_back(metrics::bytes_out, counts.bytes_sent);
        return status;
    }

  private:
    forward_sink_options const options_;
    std::atomic<completions*> reports_{nullptr};
    chunk_queue chunks_;
    forward_client client_;  // after the queue, which it sends
};

}  // namespace

std::unique_ptr<sink> make_forward_sink(forward_sink_options options) {
    return std::make_unique<connecting_sink>(std::move(options));
}

}  // namespace logpipe::forward
