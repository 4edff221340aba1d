#include "topic_id_request.hpp"

#include <fmt/format.h>

#include <span>
#include <utility>

namespace logpipe::kafka {

topic_id_request::topic_id_request(rd_kafka_t* client, std::string topic, std::chrono::milliseconds time_max)
    : topic_{std::move(topic)}, responses_{rd_kafka_queue_new(client)} {
    char const* name = topic_.c_str();
    owned<rd_kafka_TopicCollection_t, rd_kafka_TopicCollection_destroy> const names{
        rd_kafka_TopicCollection_of_topic_names(&name, 1)};
    admin_options_handle const options{rd_kafka_AdminOptions_new(client, RD_KAFKA_ADMIN_OP_DESCRIBETOPICS)};
    rd_kafka_AdminOptions_set_request_timeout(options.get(), milliseconds_of(time_max), nullptr, 0);
    rd_kafka_DescribeTopics(client, names.get(), options.get(), responses_.get());
}

result<std::optional<std::string>> topic_id_request::response(std::chrono::milliseconds wait) {
    event_handle const event{rd_kafka_queue_poll(responses_.get(), milliseconds_of(wait))};
    if (!event) return std::optional<std::string>{};
    auto const code = rd_kafka_event_error(event.get());
    if (code == RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE) return std::optional{std::string{}};
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
        return kafka_error(code, fmt::format("the id of topic {}", topic_), rd_kafka_event_error_string(event.get()));
    std::size_t count = 0;
    auto const* const found =
        rd_kafka_DescribeTopics_result_topics(rd_kafka_event_DescribeTopics_result(event.get()), &count);
    for (auto const* each : std::span{found, count}) {
        auto const* const id = rd_kafka_TopicDescription_topic_id(each);
        if (rd_kafka_error_code(rd_kafka_TopicDescription_error(each)) != RD_KAFKA_RESP_ERR_NO_ERROR || id == nullptr)
            break;
        if (rd_kafka_Uuid_most_significant_bits(id) == 0 && rd_kafka_Uuid_least_significant_bits(id) == 0) break;
        return std::optional<std::string>{rd_kafka_Uuid_base64str(id)};
    }
    return std::optional{std::string{}};
}

}  // namespace logpipe::kafka
