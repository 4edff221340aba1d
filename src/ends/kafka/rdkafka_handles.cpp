#include "rdkafka_handles.hpp"

#include "core/clean_text.hpp"

#include <fmt/format.h>

namespace logpipe::kafka {

errc errc_of(rd_kafka_resp_err_t code) noexcept {
    switch (code) {
        case RD_KAFKA_RESP_ERR__AUTHENTICATION:
        case RD_KAFKA_RESP_ERR__SSL:
        case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
        case RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM:
        case RD_KAFKA_RESP_ERR_ILLEGAL_SASL_STATE:
        case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
        case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
        case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
        case RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
            return errc::unauthorized;
        case RD_KAFKA_RESP_ERR__TIMED_OUT:
        case RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE:
        case RD_KAFKA_RESP_ERR__MSG_TIMED_OUT:
        case RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT:
            return errc::timed_out;
        case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
        case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
        case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
        case RD_KAFKA_RESP_ERR_GROUP_ID_NOT_FOUND:
            return errc::not_found;
        case RD_KAFKA_RESP_ERR__INVALID_ARG:
        case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
        case RD_KAFKA_RESP_ERR_INVALID_PARTITIONS:
        case RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR:
        case RD_KAFKA_RESP_ERR_INVALID_CONFIG:
            return errc::invalid_argument;
        case RD_KAFKA_RESP_ERR_NON_EMPTY_GROUP:
        case RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID:
        case RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS:
            return errc::busy;
        default:
            return errc::not_connected;
    }
}

error kafka_error(rd_kafka_resp_err_t code, std::string_view doing, std::string_view words) {
    if (words.empty()) words = rd_kafka_err2str(code);
    return {errc_of(code), fmt::format("kafka: {}: {}", doing, clean_line(words))};
}

std::string connection_words(std::string_view text) {
    constexpr std::string_view name_end = "/bootstrap: ";
    if (text.ends_with(')')) text = text.substr(0, text.rfind(" (after "));
    std::string out{text};
    if (auto const at = out.find(name_end); at != std::string::npos) out.replace(at, name_end.size(), ": ");
    return out;
}

}  // namespace logpipe::kafka
