#include "ingest_metrics.hpp"
#include "ingest_server.hpp"

#include "core/environment.hpp"
#include "core/stage_health.hpp"

#include <fmt/format.h>

#include <utility>

namespace logpipe::ingest {

namespace {

/// Offsets count the events since the process started: a request that was not answered is sent again, so none is kept.
class ingest_source final : public source {
  public:
    explicit ingest_source(ingest_options options)
        : options_{std::move(options)},
          identity_{fmt::format("ingest:{:016x}", random_number())},
          inbox_{event_rows{options_.lines.line_bytes_max}, options_.pending_bytes_max, process_memory(),
                 "ingest events"},
          server_{options_, inbox_} {}

    result<> open() override { return health_.noted(server_.open()); }
    std::string identity() const override { return identity_; }
    result<> seek(std::span<position const> stored) override {
        if (stored.empty()) return {};
        return error{errc::invalid_argument, "ingest: a listener cannot go back to a position"};
    }
    result<> read(batch& into, steady_time until) override {
        bool made_room = false;  // nobody waits for it: above the bound, requests are answered 503
        auto const taken = inbox_.take(into, until, made_room);
        if (taken == event_inbox::taken::closed_and_empty) return error{errc::end_of_input, "ingest: stopped"};
        if (taken == event_inbox::taken::events) into.origin = "ingest";
        return {};
    }
    result<> commit(std::span<progress const> safe) override {
        for (auto const& part : safe)
            if (part.safe.partition == 0) server_.safe_until(part.safe.offset);
        return {};
    }
    void stop() override { server_.stop(); }
    void wake() override { inbox_.wake(); }

    stage_status status() const override {
        stage_status now;
        now.name = "ingest_source";
        server_.describe(now);
        if (!health_.is_up()) health_.describe(now);
        auto const counts = inbox_.counts();
        now.metrics.emplace_back(metrics::pending_bytes, inbox_.bytes() + server_.body_bytes());
        now.metrics.emplace_back(metrics::events, counts.events);
        now.metrics.emplace_back(metrics::events_cut, counts.cut);
        return now;
    }

  private:
    ingest_options const options_;
    std::string const identity_;
    event_inbox inbox_;
    ingest_server server_;  // after the inbox, which it fills
    stage_health health_;   // of open()
};

}  // namespace

std::unique_ptr<source> make_ingest_source(ingest_options options) {
    return std::make_unique<ingest_source>(std::move(options));
}

}  // namespace logpipe::ingest
