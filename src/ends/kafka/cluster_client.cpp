#include "cluster_client.hpp"

#include "kafka_settings.hpp"
#include "logpipe/stage.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace logpipe::kafka {

namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

// One message may be as large as a topic allows, and a response has at least one.
constexpr std::int32_t response_bytes_max = 1'100'000'000;

using metadata_handle = std::unique_ptr<struct rd_kafka_metadata const, decltype(&rd_kafka_metadata_destroy)>;

/// What another try soon may get over.
bool passes(rd_kafka_resp_err_t code) noexcept {
    switch (code) {
        case RD_KAFKA_RESP_ERR__TIMED_OUT:
        case RD_KAFKA_RESP_ERR__TRANSPORT:
        case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
        case RD_KAFKA_RESP_ERR__WAIT_COORD:
        case RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT:
        case RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS:
        case RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE:
        case RD_KAFKA_RESP_ERR_NOT_COORDINATOR:
        case RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE:
        case RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION:
        case RD_KAFKA_RESP_ERR_NOT_CONTROLLER:
            return true;
        default:
            return false;
    }
}

/// What a response says of the one group that was requested.
rd_kafka_resp_err_t group_failure(rd_kafka_event_t* response) noexcept {
    std::size_t count = 0;
    rd_kafka_error_t const* failure = nullptr;
    auto const first = [&](auto* groups) { return count == 0 ? nullptr : rd_kafka_group_result_error(groups[0]); };
    switch (rd_kafka_event_type(response)) {
        case RD_KAFKA_EVENT_DESCRIBECONSUMERGROUPS_RESULT: {
            auto* const groups = rd_kafka_DescribeConsumerGroups_result_groups(
                rd_kafka_event_DescribeConsumerGroups_result(response), &count);
            failure = count == 0 ? nullptr : rd_kafka_ConsumerGroupDescription_error(groups[0]);
            break;
        }
        case RD_KAFKA_EVENT_LISTCONSUMERGROUPOFFSETS_RESULT:
            failure = first(rd_kafka_ListConsumerGroupOffsets_result_groups(
                rd_kafka_event_ListConsumerGroupOffsets_result(response), &count));
            break;
        case RD_KAFKA_EVENT_ALTERCONSUMERGROUPOFFSETS_RESULT:
            failure = first(rd_kafka_AlterConsumerGroupOffsets_result_groups(
                rd_kafka_event_AlterConsumerGroupOffsets_result(response), &count));
            break;
        default:
            break;
    }
    return failure == nullptr ? RD_KAFKA_RESP_ERR_NO_ERROR : rd_kafka_error_code(failure);
}

error unknown_topic(std::string const& topic) {
    return {errc::not_found, fmt::format("kafka: topic {} does not exist", topic)};
}

}  // namespace

result<std::unique_ptr<cluster_client>> cluster_client::connect(kafka_connection const& connection,
                                                                std::string const& stage,
                                                                std::chrono::milliseconds timeout,
                                                                std::atomic<bool> const* cancelled) {
    std::unique_ptr<cluster_client> made{new cluster_client{stage, timeout, cancelled}};
    // A consumer, for it may read partitions as well; a group it does not have.
    std::array const ours{kafka_property{"allow.auto.create.topics", "false"},
                          kafka_property{"receive.message.max.bytes", std::to_string(response_bytes_max)},
                          kafka_property{"enable.partition.eof", "true"},
                          kafka_property{"auto.offset.reset", "earliest"}};
    auto client = make_client(client_kind::admin, connection, ours, made->events_);
    if (!client) return client.error();
    made->client_ = *std::move(client);
    return made;
}

template <class Attempt>
result<> cluster_client::until_deadline(std::string const& doing, Attempt attempt) {
    auto const until = steady_clock::now() + timeout_;
    while (true) {
        auto const left = std::chrono::duration_cast<std::chrono::milliseconds>(until - steady_clock::now());
        auto const began_at = steady_clock::now();
        rd_kafka_resp_err_t const code = attempt(milliseconds_of(std::clamp(left, 1ms, 1000ms)));
        rd_kafka_poll(client_.get(), 0);
        if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
            events_.recovered();
            return {};
        }
        if (cancelled_ != nullptr && *cancelled_) return error{errc::cancelled, "kafka: cancelled"};
        // librdkafka retries a rejected login for ever, and would only say "timed out".
        auto const trouble = events_.trouble();
        if (trouble && trouble->code == errc::unauthorized) return *trouble;
        if (!passes(code)) return kafka_error(code, doing);
        if (steady_clock::now() >= until) {
            if (trouble) return *trouble;
            return kafka_error(code, doing);
        }
        // A request that fails at once is not repeated at once.
        rd_kafka_poll(client_.get(), milliseconds_of(steady_clock::now() - began_at < 100ms ? 100ms : 0ms));
    }
}

result<std::string> cluster_client::cluster_id() {
    std::string id;
    auto got = until_deadline("the cluster's id", [&](int timeout_ms) {
        std::unique_ptr<char, decltype(&std::free)> const text{rd_kafka_clusterid(client_.get(), timeout_ms),
                                                               &std::free};
        if (!text) return RD_KAFKA_RESP_ERR__TIMED_OUT;
        id = text.get();
        return RD_KAFKA_RESP_ERR_NO_ERROR;
    });
    if (!got) return got.error();
    return id;
}

result<kafka_cluster> cluster_client::cluster() {
    auto id = cluster_id();
    if (!id) return id.error();
    kafka_cluster out{.id = *std::move(id)};
    auto got = until_deadline("the cluster's brokers", [&](int timeout_ms) {
        struct rd_kafka_metadata const* found = nullptr;
        auto const code = rd_kafka_metadata(client_.get(), 0, nullptr, &found, timeout_ms);
        if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return code;
        metadata_handle const all{found, &rd_kafka_metadata_destroy};
        out.brokers.clear();
        for (int i = 0; i < all->broker_cnt; ++i)
            out.brokers.emplace_back(all->brokers[i].id,
                                     fmt::format("{}:{}", all->brokers[i].host, all->brokers[i].port));
        out.controller = rd_kafka_controllerid(client_.get(), timeout_ms);
        return RD_KAFKA_RESP_ERR_NO_ERROR;
    });
    if (!got) return got.error();
    return out;
}

result<std::vector<kafka_partition>> cluster_client::partitions(std::string const& topic) {
    topic_handle const handle{rd_kafka_topic_new(client_.get(), topic.c_str(), nullptr)};
    if (!handle) return kafka_error(rd_kafka_last_error(), fmt::format("topic {}", topic));
    std::vector<kafka_partition> out;
    auto got = until_deadline(fmt::format("topic {}", topic), [&](int timeout_ms) {
        struct rd_kafka_metadata const* found = nullptr;
        auto const code = rd_kafka_metadata(client_.get(), 0, handle.get(), &found, timeout_ms);
        if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return code;
        metadata_handle const all{found, &rd_kafka_metadata_destroy};
        if (all->topic_cnt != 1) return RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC;
        auto const& known = all->topics[0];
        if (known.err != RD_KAFKA_RESP_ERR_NO_ERROR) return known.err;
        out.clear();
        for (int i = 0; i < known.partition_cnt; ++i) {
            auto const& part = known.partitions[i];
            out.push_back(
                {.partition = part.id, .leader = part.leader, .replicas = part.replica_cnt, .in_sync = part.isr_cnt});
        }
        return out.empty() ? RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE : RD_KAFKA_RESP_ERR_NO_ERROR;
    });
    if (!got) return got.error().code == errc::not_found ? unknown_topic(topic) : got.error();
    std::ranges::sort(out, {}, &kafka_partition::partition);
    return out;
}

result<std::vector<std::string>> cluster_client::topic_names() {
    std::vector<std::string> names;
    auto got = until_deadline("the names of the topics", [&](int timeout_ms) {
        struct rd_kafka_metadata const* found = nullptr;
        auto const code = rd_kafka_metadata(client_.get(), 1, nullptr, &found, timeout_ms);
        if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return code;
        metadata_handle const all{found, &rd_kafka_metadata_destroy};
        names.clear();
        for (int i = 0; i < all->topic_cnt; ++i)
            if (all->topics[i].err == RD_KAFKA_RESP_ERR_NO_ERROR) names.emplace_back(all->topics[i].topic);
        return RD_KAFKA_RESP_ERR_NO_ERROR;
    });
    if (!got) return got.error();
    return names;
}

result<std::vector<std::int64_t>> cluster_client::offsets_at(std::string const& topic,
                                                             std::vector<kafka_partition> const& partitions,
                                                             std::int64_t timestamp_ms) {
    std::vector<std::int64_t> out;
    auto got = until_deadline(fmt::format("the offsets of topic {}", topic), [&](int timeout_ms) {
        partition_list const list{rd_kafka_topic_partition_list_new(static_cast<int>(partitions.size()))};
        for (auto const& each : partitions)
            rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), each.partition)->offset = timestamp_ms;
        if (auto const code = rd_kafka_offsets_for_times(client_.get(), list.get(), timeout_ms);
            code != RD_KAFKA_RESP_ERR_NO_ERROR)
            return code;
        out.clear();
        for (auto const& each : partitions) {
            auto const* found = rd_kafka_topic_partition_list_find(list.get(), topic.c_str(), each.partition);
            if (found->err != RD_KAFKA_RESP_ERR_NO_ERROR) return found->err;
            out.push_back(found->offset);
        }
        return RD_KAFKA_RESP_ERR_NO_ERROR;
    });
    if (!got) return got.error();
    return out;
}

result<> cluster_client::add_offsets(std::string const& topic, std::vector<kafka_partition>& partitions) {
    // ListOffsets takes these two as times.
    auto const begins = offsets_at(topic, partitions, RD_KAFKA_OFFSET_BEGINNING);
    if (!begins) return begins.error();
    auto const ends = offsets_at(topic, partitions, RD_KAFKA_OFFSET_END);
    if (!ends) return ends.error();
    for (std::size_t i = 0; i < partitions.size(); ++i) {
        partitions[i].begin = (*begins)[i];
        partitions[i].end = (*ends)[i];
    }
    return {};
}

result<event_handle> cluster_client::request(
    rd_kafka_admin_op_t what, std::string const& doing,
    std::function<void(rd_kafka_AdminOptions_t*, rd_kafka_queue_t*)> const& start) {
    event_handle response;
    auto done = until_deadline(doing, [&](int) {
        auto const timeout_ms = milliseconds_of(timeout_);
        admin_options_handle const options{rd_kafka_AdminOptions_new(client_.get(), what)};
        queue_handle const queue{rd_kafka_queue_new(client_.get())};
        rd_kafka_AdminOptions_set_request_timeout(options.get(), timeout_ms, nullptr, 0);
        start(options.get(), queue.get());
        auto const until = steady_clock::now() + timeout_ + 1s;
        while (!response && steady_clock::now() < until && (cancelled_ == nullptr || !*cancelled_)) {
            response.reset(rd_kafka_queue_poll(queue.get(), 500));
            rd_kafka_poll(client_.get(), 0);
            if (auto const trouble = events_.trouble(); trouble && trouble->code == errc::unauthorized) break;
        }
        if (!response) return RD_KAFKA_RESP_ERR__TIMED_OUT;
        auto code = rd_kafka_event_error(response.get());
        // A coordinator that is moving or still loading is retried; what else a group responds is the caller's.
        if (auto const inner = group_failure(response.get()); code == RD_KAFKA_RESP_ERR_NO_ERROR && passes(inner))
            code = inner;
        if (code != RD_KAFKA_RESP_ERR_NO_ERROR) response.reset();
        return code;
    });
    if (!done) return done.error();
    return response;
}

result<> cluster_client::create_topic(new_topic const& wanted) {
    std::array<char, 512> words{};
    owned<rd_kafka_NewTopic_t, rd_kafka_NewTopic_destroy> const topic{
        rd_kafka_NewTopic_new(wanted.name.c_str(), wanted.partitions, wanted.replication, words.data(), words.size())};
    if (!topic) return error{errc::invalid_argument, fmt::format("kafka: topic {}: {}", wanted.name, words.data())};
    for (auto const& [name, value] : wanted.properties)
        rd_kafka_NewTopic_set_config(topic.get(), name.c_str(), value.c_str());
    auto const doing = fmt::format("creating topic {}", wanted.name);
    auto const response = request(RD_KAFKA_ADMIN_OP_CREATETOPICS, doing, [&](auto* options, auto* queue) {
        auto* only = topic.get();
        rd_kafka_CreateTopics(client_.get(), &only, 1, options, queue);
    });
    if (!response) return response.error();
    std::size_t count = 0;
    auto const* const made =
        rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(response->get()), &count);
    for (std::size_t i = 0; i < count; ++i) {
        auto const code = rd_kafka_topic_result_error(made[i]);
        if (code == RD_KAFKA_RESP_ERR_NO_ERROR || code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) continue;
        auto const* const reason = rd_kafka_topic_result_error_string(made[i]);
        return kafka_error(code, doing, reason == nullptr ? "" : reason);
    }
    auto const until = steady_clock::now() + timeout_;
    while (true) {  // brokers learn of it one by one
        auto const known = partitions(wanted.name);
        auto const has_leader = [](kafka_partition const& part) { return part.leader >= 0; };
        if (known && std::ranges::all_of(*known, has_leader)) return {};
        if (!known && known.error().code != errc::not_found) return known.error();
        if (steady_clock::now() >= until)
            return error{errc::timed_out,
                         fmt::format("kafka: topic {} was created, but has no leader yet", wanted.name)};
        rd_kafka_poll(client_.get(), 100);
    }
}

result<std::string> cluster_client::topic_property(std::string const& topic, std::string const& name,
                                                   std::int32_t broker) {
    owned<rd_kafka_ConfigResource_t, rd_kafka_ConfigResource_destroy> const wanted{
        rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic.c_str())};
    auto const doing = fmt::format("the properties of topic {}", topic);
    auto const response = request(RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS, doing, [&](auto* options, auto* queue) {
        auto* only = wanted.get();
        rd_kafka_AdminOptions_set_broker(options, broker, nullptr, 0);
        rd_kafka_DescribeConfigs(client_.get(), &only, 1, options, queue);
    });
    if (!response) return response.error();
    std::size_t count = 0;
    auto const* const found =
        rd_kafka_DescribeConfigs_result_resources(rd_kafka_event_DescribeConfigs_result(response->get()), &count);
    if (count != 1) return unknown_topic(topic);
    if (auto const code = rd_kafka_ConfigResource_error(found[0]); code != RD_KAFKA_RESP_ERR_NO_ERROR)
        return kafka_error(code, doing);
    auto const* const entries = rd_kafka_ConfigResource_configs(found[0], &count);
    for (std::size_t i = 0; i < count; ++i) {
        auto const* const value = rd_kafka_ConfigEntry_value(entries[i]);
        if (name == rd_kafka_ConfigEntry_name(entries[i]) && value != nullptr) return std::string{value};
    }
    return error{errc::not_found, fmt::format("kafka: topic {} has no property {}", topic, name)};
}

}  // namespace logpipe::kafka
