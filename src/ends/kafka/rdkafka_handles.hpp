// librdkafka's handles as values that free themselves, and its error codes as ours.
#pragma once

#include "core/reload.hpp"
#include "logpipe/result.hpp"

#include <librdkafka/rdkafka.h>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

namespace logpipe::kafka {

template <class Handle, void (*Free)(Handle*)>
struct freed_by {
    void operator()(Handle* handle) const noexcept { Free(handle); }
};
template <class Handle, void (*Free)(Handle*)>
using owned = std::unique_ptr<Handle, freed_by<Handle, Free>>;

/// A consumer that is not closed before leaves its group here, which waits for the broker.
struct client_deleter {
    reload_entry reload{};  ///< of the client's password; it ends before the client does

    void operator()(rd_kafka_t* client) noexcept {
        reload = {};
        rd_kafka_destroy(client);
    }
};
using client_handle = std::unique_ptr<rd_kafka_t, client_deleter>;
using conf_handle = owned<rd_kafka_conf_t, rd_kafka_conf_destroy>;
using topic_conf_handle = owned<rd_kafka_topic_conf_t, rd_kafka_topic_conf_destroy>;
using topic_handle = owned<rd_kafka_topic_t, rd_kafka_topic_destroy>;
using queue_handle = owned<rd_kafka_queue_t, rd_kafka_queue_destroy>;
using event_handle = owned<rd_kafka_event_t, rd_kafka_event_destroy>;
using message_handle = owned<rd_kafka_message_t, rd_kafka_message_destroy>;
using partition_list = owned<rd_kafka_topic_partition_list_t, rd_kafka_topic_partition_list_destroy>;
using admin_options_handle = owned<rd_kafka_AdminOptions_t, rd_kafka_AdminOptions_destroy>;
using kafka_failure = owned<rd_kafka_error_t, rd_kafka_error_destroy>;

/// What librdkafka's code means to a caller. Codes that nothing else is known about are `not_connected`: worth another
/// try, for ever.
[[nodiscard]] errc errc_of(rd_kafka_resp_err_t code) noexcept;
/// "kafka: reading the topic's metadata: Local: Timed out"
[[nodiscard]] error kafka_error(rd_kafka_resp_err_t code, std::string_view doing, std::string_view words = {});

/// What librdkafka says of a connection, without what only its developers use: "/bootstrap" after the
/// address, and "(after 0ms in state CONNECT, 1 identical error(s) suppressed)" at the end.
[[nodiscard]] std::string connection_words(std::string_view text);

/// librdkafka takes whole milliseconds.
[[nodiscard]] constexpr int milliseconds_of(std::chrono::milliseconds time) noexcept {
    return static_cast<int>(time.count());
}

}  // namespace logpipe::kafka
