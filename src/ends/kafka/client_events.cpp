#include "client_events.hpp"

#include "core/clean_text.hpp"
#include "statistics.hpp"

#include <array>

namespace logpipe::kafka {

namespace {

client_events& events_of(void* self) {
    return *static_cast<client_events*>(self);
}

/// A broker that is away is no error here: we recover.
log_level level_of(int syslog_level) noexcept {
    if (syslog_level <= 4) return log_level::warn;
    return syslog_level <= 6 ? log_level::info : log_level::debug;
}

}  // namespace

void client_events::attach(rd_kafka_conf_t* conf, client_kind kind) {
    kind_ = kind;
    rd_kafka_conf_set_opaque(conf, this);
    rd_kafka_conf_set_log_cb(conf, log_line);
    rd_kafka_conf_set_error_cb(conf, on_error);
    rd_kafka_conf_set_stats_cb(conf, on_statistics);
    if (kind == client_kind::producer)
        rd_kafka_conf_set_dr_msg_cb(conf, [](rd_kafka_t*, rd_kafka_message_t const* message, void* self) {
            events_of(self).delivered(*message);
        });
    if (kind != client_kind::consumer) return;
    rd_kafka_conf_set_rebalance_cb(
        conf, [](rd_kafka_t*, rd_kafka_resp_err_t what, rd_kafka_topic_partition_list_t* partitions, void* self) {
            events_of(self).rebalanced(what, partitions);
        });
}

void client_events::went_wrong(error what) {
    std::lock_guard lock{mutex_};
    trouble_ = std::move(what);
    troubled_ = true;
    only_connection_ = false;
}

void client_events::works() {
    if (!troubled_.load(std::memory_order_relaxed)) return;
    std::lock_guard lock{mutex_};
    trouble_.reset();
    troubled_ = false;
}

std::optional<error> client_events::trouble() const {
    std::lock_guard lock{mutex_};
    return trouble_;
}

void client_events::log_line(rd_kafka_t const* client, int level, char const* facility, char const* text) {
    auto& self = events_of(rd_kafka_opaque(client));
    bool const is_admin = self.kind_ == client_kind::admin;
    // Whoever asks by it is told with the answer why a connection failed; once is enough.
    auto const ours = is_admin && std::string_view{facility} == "FAIL" ? log_level::debug : level_of(level);
    if (!log_enabled(ours)) return;
    // It is given the properties of the sink or the source that it asks for, and ignores most of them.
    if (is_admin && (std::string_view{facility} == "CONFWARN" || std::string_view{facility} == "ASSIGNOR")) return;
    if (ours == log_level::debug) {  // somebody has asked for `debug`, and wants all of it
        log_write(ours, fmt::format("{}: {}: {}", self.stage_, facility, clean_line(text)));
    } else if (auto const lines = self.lines_.admit(); lines != 0) {
        log_write(ours, fmt::format("{}: {}: {}{}", self.stage_, facility, clean_line(text),
                                    lines == 1 ? "" : fmt::format(" (the newest of {} lines)", lines)));
    }
}

void client_events::on_error(rd_kafka_t* client, int code, char const* text, void* of) {
    auto& self = events_of(of);
    auto reason = static_cast<rd_kafka_resp_err_t>(code);
    if (reason != RD_KAFKA_RESP_ERR__FATAL) {
        // That all are down says less than why the last one is.
        auto const known = self.trouble();
        if (reason == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN && known) return;
        self.went_wrong(kafka_error(reason, "the connection", connection_words(text)));
        self.only_connection_ = true;
        return;
    }
    std::array<char, 512> words{};
    reason = rd_kafka_fatal_error(client, words.data(), words.size());
    log_warn("{}: the client is made anew after {}: {}", self.stage_, rd_kafka_err2name(reason),
             clean_line(words.data()));
    self.went_wrong(kafka_error(reason, "the client", words.data()));
    self.fatal_ = true;
}

int client_events::on_statistics(rd_kafka_t*, char* json, std::size_t json_bytes, void* self) {
    auto& events = events_of(self);
    auto const statistics = read_statistics({json, json_bytes});
    if (statistics.slowest_round_trip_seconds) events.round_trip_seconds_ = *statistics.slowest_round_trip_seconds;
    // An idle client has no other sign that the broker is back.
    if (statistics.any_broker_up && events.only_connection_) events.works();
    return 0;  // librdkafka frees the text
}

}  // namespace logpipe::kafka
