#include "client_events.hpp"

#include "core/clean_text.hpp"
#include "statistics.hpp"

#include <array>

namespace logpipe::kafka {

namespace {

client_events& events_of(void* self) {
    return *static_cast<client_events*>(self);
}

/// A broker that cannot be reached is a warning here: we recover.
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

void client_events::note_failure(error reason) {
    health_.down(std::move(reason));
    is_down_ = true;
    only_connection_ = false;
}

void client_events::recovered() {
    if (!is_down_.load(std::memory_order_relaxed)) return;
    is_down_ = false;
    health_.up();
}

void client_events::log_line(rd_kafka_t const* client, int level, char const* facility, char const* text) {
    auto& self = events_of(rd_kafka_opaque(client));
    bool const is_admin = self.kind_ == client_kind::admin;
    // The request that needed the connection fails with the same reason; once is enough.
    auto const ours = is_admin && std::string_view{facility} == "FAIL" ? log_level::debug : level_of(level);
    if (!log_enabled(ours)) return;
    // It gets the properties of its sink or source, and ignores most of them.
    if (is_admin && (std::string_view{facility} == "CONFWARN" || std::string_view{facility} == "ASSIGNOR")) return;
    if (ours == log_level::debug) {  // the user has chosen `debug`, and wants all of it
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
        // That all are down says less than the reason of the last one.
        auto const known = self.trouble();
        if (reason == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN && known) return;
        self.note_failure(kafka_error(reason, "the connection", connection_words(text)));
        self.only_connection_ = true;
        return;
    }
    std::array<char, 512> words{};
    reason = rd_kafka_fatal_error(client, words.data(), words.size());
    log_warn("{}: the client is recreated after {}: {}", self.stage_, rd_kafka_err2name(reason),
             clean_line(words.data()));
    self.note_failure(kafka_error(reason, "the client", words.data()));
    self.fatal_ = true;
}

int client_events::on_statistics(rd_kafka_t*, char* json, std::size_t json_bytes, void* self) {
    auto& events = events_of(self);
    auto const statistics = read_statistics({json, json_bytes});
    if (statistics.slowest_round_trip_seconds) events.round_trip_seconds_ = *statistics.slowest_round_trip_seconds;
    // An idle client has no other sign that the broker is back.
    if (statistics.any_broker_up && events.only_connection_) events.recovered();
    return 0;  // librdkafka frees the text
}

}  // namespace logpipe::kafka
