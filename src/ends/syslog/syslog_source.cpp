#include "syslog_metrics.hpp"
#include "syslog_server.hpp"

#include "core/environment.hpp"
#include "core/stage_health.hpp"
#include "syslog/syslog.hpp"

#include <fmt/format.h>

#include <utility>

namespace logpipe::syslog {

namespace {

/// Offsets count the messages since the process started: nobody sends one again, so none is kept.
class syslog_source final : public source {
  public:
    explicit syslog_source(syslog_source_options options)
        : options_{std::move(options)},
          identity_{fmt::format("syslog:{:016x}", random_number())},
          inbox_{message_rows{options_.lines}, options_.pending_bytes_max, process_memory(), "syslog events"},
          server_{options_, inbox_} {}

    result<> open() override { return health_.noted(server_.open()); }
    std::string identity() const override { return identity_; }
    result<> seek(std::span<position const> stored) override {
        if (stored.empty()) return {};
        return error{errc::invalid_argument, "syslog: a listener cannot go back to a position"};
    }
    result<> read(batch& into, steady_time until) override {
        bool made_room = false;
        auto const taken = inbox_.take(into, until, made_room);
        if (made_room) server_.made_room();
        if (taken == message_inbox::taken::closed_and_empty) return error{errc::end_of_input, "syslog: stopped"};
        if (taken == message_inbox::taken::events) into.origin = "syslog";
        return {};
    }
    // The protocol has no acknowledgement.
    result<> commit(std::span<progress const> /*safe*/) override { return {}; }
    void stop() override { server_.stop(); }
    void wake() override { inbox_.wake(); }

    stage_status status() const override {
        stage_status now;
        now.name = "syslog_source";
        server_.describe(now);
        if (!health_.is_up()) health_.describe(now);
        auto const counts = inbox_.counts();
        now.metrics.emplace_back(metrics::pending_bytes, inbox_.bytes());
        now.metrics.emplace_back(metrics::messages, counts.messages);
        now.metrics.emplace_back(metrics::messages_cut, counts.cut);
        now.metrics.emplace_back(metrics::messages_incomplete, counts.incomplete);
        return now;
    }

  private:
    syslog_source_options const options_;
    std::string const identity_;
    message_inbox inbox_;
    syslog_server server_;  // after the inbox, which it fills
    stage_health health_;   // of open()
};

}  // namespace

std::unique_ptr<source> make_syslog_source(syslog_source_options options) {
    return std::make_unique<syslog_source>(std::move(options));
}

}  // namespace logpipe::syslog
