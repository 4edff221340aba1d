#include "log_ends.hpp"

#include <fmt/format.h>

#include <span>

namespace logpipe::kafka {

result<std::map<std::int32_t, std::int64_t>> find_log_ends(rd_kafka_t* client,
                                                           rd_kafka_topic_partition_list_t const& list,
                                                           std::chrono::milliseconds time_max) {
    std::map<std::int32_t, std::int64_t> out;
    if (list.cnt == 0) return out;
    auto const doing = fmt::format("the ends of topic {}", list.elems[0].topic);
    partition_list const wanted{rd_kafka_topic_partition_list_copy(&list)};
    for (auto& each : std::span{wanted->elems, static_cast<std::size_t>(wanted->cnt)})
        each.offset = RD_KAFKA_OFFSET_SPEC_LATEST;
    // A consumer's own request would end before an open transaction; this one reads uncommitted by default.
    admin_options_handle const options{rd_kafka_AdminOptions_new(client, RD_KAFKA_ADMIN_OP_LISTOFFSETS)};
    rd_kafka_AdminOptions_set_request_timeout(options.get(), milliseconds_of(time_max), nullptr, 0);
    queue_handle const queue{rd_kafka_queue_new(client)};
    rd_kafka_ListOffsets(client, wanted.get(), options.get(), queue.get());
    event_handle const response{rd_kafka_queue_poll(queue.get(), milliseconds_of(time_max))};
    if (!response) return kafka_error(RD_KAFKA_RESP_ERR__TIMED_OUT, doing);
    if (auto const code = rd_kafka_event_error(response.get()); code != RD_KAFKA_RESP_ERR_NO_ERROR)
        return kafka_error(code, doing, rd_kafka_event_error_string(response.get()));
    std::size_t count = 0;
    auto const* const found =
        rd_kafka_ListOffsets_result_infos(rd_kafka_event_ListOffsets_result(response.get()), &count);
    for (auto const* each : std::span{found, count}) {
        auto const& end = *rd_kafka_ListOffsetsResultInfo_topic_partition(each);
        if (end.err != RD_KAFKA_RESP_ERR_NO_ERROR) return kafka_error(end.err, doing);
        out[end.partition] = end.offset;
    }
    return out;
}

}  // namespace logpipe::kafka
