#include "kafka/kafka_admin.hpp"
#include "cluster_client.hpp"
#include "commit_metadata.hpp"
#include "core/clean_text.hpp"
#include "core/clock.hpp"
#include "kafka_settings.hpp"
#include "message_id.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <numeric>
#include <span>

namespace logpipe::kafka {

namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

constexpr std::size_t messages_a_round = 1024;

std::string_view text_of(void const* data, std::size_t bytes) {
    return {static_cast<char const*>(data), data == nullptr ? 0 : bytes};
}

std::string text_or_empty(char const* text) {
    return text == nullptr ? std::string{} : std::string{text};
}

/// What was sent and not reported yet, and what failed. A message's opaque value is its index among the messages.
class sending final : public client_events {
  public:
    struct failed_message {
        std::size_t index = 0;
        rd_kafka_resp_err_t reason = RD_KAFKA_RESP_ERR_NO_ERROR;
    };
    sending() : client_events{"kafka_admin"} {}
    void delivered(rd_kafka_message_t const& message) noexcept override {
        ++reported;
        if (message.err != RD_KAFKA_RESP_ERR_NO_ERROR)
            failures.push_back({.index = reinterpret_cast<std::uintptr_t>(message._private), .reason = message.err});
    }
    std::size_t reported = 0;
    std::vector<failed_message> failures;
};

bool is_too_large(rd_kafka_resp_err_t code) noexcept {
    return code == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE || code == RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE ||
           code == RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE;
}

class cluster_admin final : public kafka_admin {
  public:
    cluster_admin(kafka_connection connection, std::chrono::milliseconds timeout,
                  std::unique_ptr<cluster_client> client)
        : connection_{std::move(connection)}, timeout_{timeout}, client_{std::move(client)} {}

    result<kafka_cluster> cluster() override { return client_->cluster(); }
    result<std::vector<kafka_partition>> partitions(std::string const& topic) override;
    result<kafka_group> group(std::string const& name, std::string const& topic) override;
    result<std::vector<kafka_partition>> offsets_at(std::string const& topic, std::int64_t timestamp_ms) override;
    result<> move_group(std::string const& name, std::string const& topic,
                        std::vector<std::pair<std::int32_t, std::int64_t>> const& offsets) override;
    result<> scan(std::string const& topic, std::int32_t partition, std::int64_t begin, std::int64_t end,
                  std::function<result<>(kafka_message const&)> const& each) override;
    result<> send(std::string const& topic, std::vector<outgoing> const& messages) override;

  private:
    [[nodiscard]] result<> describe(std::string const& name, std::string const& topic, kafka_group& out);
    [[nodiscard]] result<> read_positions(std::string const& name, std::string const& topic, kafka_group& out);
    [[nodiscard]] result<> make_producer();
    [[nodiscard]] rd_kafka_resp_err_t produce(rd_kafka_topic_t* topic, outgoing const& message, std::size_t index);
    [[nodiscard]] std::vector<sending::failed_message> deliver(rd_kafka_topic_t* topic,
                                                               std::vector<outgoing> const& messages,
                                                               std::span<std::size_t const> indices);
    [[nodiscard]] result<> read_to(std::int64_t end, rd_kafka_topic_t* topic, std::int32_t partition,
                                   message_ids const& ids, std::function<result<>(kafka_message const&)> const& each);

    kafka_connection const connection_;
    std::chrono::milliseconds const timeout_;
    std::unique_ptr<cluster_client> const client_;
    sending reports_;
    client_handle producer_;  // made by the first send(); after the reports, which it calls
};

result<std::vector<kafka_partition>> cluster_admin::partitions(std::string const& topic) {
    auto found = client_->partitions(topic);
    if (!found) return found;
    if (auto added = client_->add_offsets(topic, *found); !added) return added.error();
    return found;
}

result<std::vector<kafka_partition>> cluster_admin::offsets_at(std::string const& topic, std::int64_t timestamp_ms) {
    auto found = partitions(topic);
    if (!found) return found;
    auto const offsets = client_->offsets_at(topic, *found, timestamp_ms);
    if (!offsets) return offsets.error();
    for (std::size_t i = 0; i < found->size(); ++i)
        if (auto const offset = (*offsets)[i]; offset >= 0)
            (*found)[i].begin = offset;
        else
            (*found)[i].begin = (*found)[i].end;
    return found;
}

result<kafka_group> cluster_admin::group(std::string const& name, std::string const& topic) {
    kafka_group out;
    if (auto described = describe(name, topic, out); !described) return described.error();
    if (auto read = read_positions(name, topic, out); !read) return read.error();
    return out;
}

result<> cluster_admin::describe(std::string const& name, std::string const& topic, kafka_group& out) {
    auto const doing = fmt::format("group {}", name);
    auto const response =
        client_->request(RD_KAFKA_ADMIN_OP_DESCRIBECONSUMERGROUPS, doing, [&](auto* options, auto* queue) {
            auto const* only = name.c_str();
            rd_kafka_DescribeConsumerGroups(client_->get(), &only, 1, options, queue);
        });
    if (!response) return response.error();
    std::size_t count = 0;
    auto const* const groups = rd_kafka_DescribeConsumerGroups_result_groups(
        rd_kafka_event_DescribeConsumerGroups_result(response->get()), &count);
    if (count != 1)
        return error{errc::protocol,
                     fmt::format("kafka: {}: expected one group in the response, got {}", doing, count)};
    if (auto const* const failure = rd_kafka_ConsumerGroupDescription_error(groups[0]))
        return kafka_error(rd_kafka_error_code(failure), doing, rd_kafka_error_string(failure));
    out.state = rd_kafka_consumer_group_state_name(rd_kafka_ConsumerGroupDescription_state(groups[0]));
    for (std::size_t i = 0; i < rd_kafka_ConsumerGroupDescription_member_count(groups[0]); ++i) {
        auto const* const from = rd_kafka_ConsumerGroupDescription_member(groups[0], i);
        kafka_group::member member{.id = text_or_empty(rd_kafka_MemberDescription_consumer_id(from)),
                                   .client_id = text_or_empty(rd_kafka_MemberDescription_client_id(from)),
                                   .host = text_or_empty(rd_kafka_MemberDescription_host(from))};
        auto const* const assignment = rd_kafka_MemberDescription_assignment(from);
        auto const* const known = assignment == nullptr ? nullptr : rd_kafka_MemberAssignment_partitions(assignment);
        for (int j = 0; known != nullptr && j < known->cnt; ++j)
            if (topic == known->elems[j].topic) member.partitions.push_back(known->elems[j].partition);
        std::ranges::sort(member.partitions);
        out.members.push_back(std::move(member));
    }
    return {};
}

result<> cluster_admin::read_positions(std::string const& name, std::string const& topic, kafka_group& out) {
    auto const known = client_->partitions(topic);
    if (!known) return known.error();
    partition_list const list{rd_kafka_topic_partition_list_new(static_cast<int>(known->size()))};
    for (auto const& each : *known) rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), each.partition);
    owned<rd_kafka_ListConsumerGroupOffsets_t, rd_kafka_ListConsumerGroupOffsets_destroy> const wanted{
        rd_kafka_ListConsumerGroupOffsets_new(name.c_str(), list.get())};
    auto const doing = fmt::format("the positions of group {}", name);
    auto const response =
        client_->request(RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS, doing, [&](auto* options, auto* queue) {
            auto* only = wanted.get();
            rd_kafka_ListConsumerGroupOffsets(client_->get(), &only, 1, options, queue);
        });
    if (!response) return response.error();
    std::size_t count = 0;
    auto const* const groups = rd_kafka_ListConsumerGroupOffsets_result_groups(
        rd_kafka_event_ListConsumerGroupOffsets_result(response->get()), &count);
    if (count != 1)
        return error{errc::protocol,
                     fmt::format("kafka: {}: expected one group in the response, got {}", doing, count)};
    if (auto const* const failure = rd_kafka_group_result_error(groups[0]))
        return kafka_error(rd_kafka_error_code(failure), doing, rd_kafka_error_string(failure));
    auto const* const found = rd_kafka_group_result_partitions(groups[0]);
    for (int i = 0; found != nullptr && i < found->cnt; ++i) {
        auto const& each = found->elems[i];
        if (each.err != RD_KAFKA_RESP_ERR_NO_ERROR) return kafka_error(each.err, doing);
        kafka_group_position at{.partition = each.partition, .committed = each.offset < 0 ? -1 : each.offset};
        if (auto const metadata = parse_commit_metadata(text_of(each.metadata, each.metadata_size), at.committed)) {
            at.counted_from = metadata->counted_from;
            at.counts = metadata->counts;
            at.passed = metadata->passed;
        }
        out.positions.push_back(at);
    }
    std::ranges::sort(out.positions, {}, &kafka_group_position::partition);
    return {};
}

result<> cluster_admin::move_group(std::string const& name, std::string const& topic,
                                   std::vector<std::pair<std::int32_t, std::int64_t>> const& offsets) {
    kafka_group now;
    if (auto described = describe(name, topic, now); !described) return described;
    if (!now.members.empty())
        return error{errc::busy,
                     fmt::format("kafka: group {} has {} members: stop them first", name, now.members.size())};
    partition_list const list{rd_kafka_topic_partition_list_new(static_cast<int>(offsets.size()))};
    for (auto const& [partition, offset] : offsets)
        rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), partition)->offset = offset;
    owned<rd_kafka_AlterConsumerGroupOffsets_t, rd_kafka_AlterConsumerGroupOffsets_destroy> const wanted{
        rd_kafka_AlterConsumerGroupOffsets_new(name.c_str(), list.get())};
    auto const doing = fmt::format("moving group {}", name);
    auto const response =
        client_->request(RD_KAFKA_ADMIN_OP_ALTERCONSUMERGROUPOFFSETS, doing, [&](auto* options, auto* queue) {
            auto* only = wanted.get();
            rd_kafka_AlterConsumerGroupOffsets(client_->get(), &only, 1, options, queue);
        });
    if (!response) return response.error();
    std::size_t count = 0;
    auto const* const groups = rd_kafka_AlterConsumerGroupOffsets_result_groups(
        rd_kafka_event_AlterConsumerGroupOffsets_result(response->get()), &count);
    for (std::size_t i = 0; i < count; ++i) {
        if (auto const* const failure = rd_kafka_group_result_error(groups[i]))
            return kafka_error(rd_kafka_error_code(failure), doing, rd_kafka_error_string(failure));
        auto const* const moved = rd_kafka_group_result_partitions(groups[i]);
        for (int j = 0; moved != nullptr && j < moved->cnt; ++j)
            if (moved->elems[j].err != RD_KAFKA_RESP_ERR_NO_ERROR)
                return kafka_error(moved->elems[j].err,
                                   fmt::format("{}, partition {}", doing, moved->elems[j].partition));
    }
    return {};
}

result<> cluster_admin::scan(std::string const& topic, std::int32_t partition, std::int64_t begin, std::int64_t end,
                             std::function<result<>(kafka_message const&)> const& each) {
    if (begin >= end) return {};
    auto const id = client_->cluster_id();
    if (!id) return id.error();
    topic_handle const handle{rd_kafka_topic_new(client_->get(), topic.c_str(), nullptr)};
    if (!handle || rd_kafka_consume_start(handle.get(), partition, begin) != 0)
        return kafka_error(rd_kafka_last_error(), fmt::format("reading topic {} partition {}", topic, partition));
    auto const read = read_to(end, handle.get(), partition, {*id, topic}, each);
    rd_kafka_consume_stop(handle.get(), partition);
    return read;
}

result<> cluster_admin::read_to(std::int64_t end, rd_kafka_topic_t* topic, std::int32_t partition,
                                message_ids const& ids, std::function<result<>(kafka_message const&)> const& each) {
    auto const doing = fmt::format("reading topic {} partition {}", rd_kafka_topic_name(topic), partition);
    auto heard_at = steady_clock::now();
    while (true) {
        std::array<rd_kafka_message_t*, messages_a_round> got;
        auto count = rd_kafka_consume_batch(topic, partition, 200, got.data(), 1);
        if (count == 1) {
            auto const more = rd_kafka_consume_batch(topic, partition, 0, got.data() + 1, got.size() - 1);
            if (more > 0) count += more;
        }
        rd_kafka_poll(client_->get(), 0);
        std::vector<message_handle> messages;  // freed also where `each` stops it
        for (ssize_t i = 0; i < count; ++i) messages.emplace_back(got[static_cast<std::size_t>(i)]);
        for (auto const& message : messages) {
            // The end of the log: what is missing before `end` has expired or never was a message.
            if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) return {};
            if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR)
                return kafka_error(message->err, doing, text_or_empty(rd_kafka_message_errstr(message.get())));
            if (message->offset >= end) return {};
            rd_kafka_timestamp_type_t type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
            auto const timestamp_ms = rd_kafka_message_timestamp(message.get(), &type);
            kafka_message out{.partition = partition,
                              .offset = message->offset,
                              .timestamp_ms = type == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE ? 0 : timestamp_ms,
                              .key = text_of(message->key, message->key_len)};
            if (message->payload != nullptr) out.value = text_of(message->payload, message->len);
            auto const facts = ids.of(*message, out.timestamp_ms);
            out.id = facts.id;
            out.received_ns = facts.received_ns;
            out.time_ns = facts.time_ns;
            out.tag = facts.tag;
            out.header = [from = message.get()](char const* name) { return header_of(*from, name); };
            if (auto done = each(out); !done) return done;
            if (message->offset + 1 == end) return {};
        }
        auto const now = steady_clock::now();
        if (!messages.empty()) heard_at = now;
        if (now - heard_at > timeout_) return kafka_error(RD_KAFKA_RESP_ERR__TIMED_OUT, doing);
    }
}

result<> cluster_admin::make_producer() {
    // A message may be as large as the topic allows; the broker decides. Larger sets than this are not made.
    std::array const ours{kafka_property{"enable.idempotence", "true"},
                          kafka_property{"acks", "all"},
                          kafka_property{"linger.ms", "5"},
                          kafka_property{"compression.codec", "lz4"},
                          kafka_property{"message.max.bytes", "1000000000"},
                          kafka_property{"batch.size", "900000"},
                          kafka_property{"queue.buffering.max.kbytes", "2097151"},
                          kafka_property{"message.timeout.ms", std::to_string(timeout_.count())}};
    auto made = make_client(client_kind::producer, connection_, ours, reports_);
    if (!made) return made.error();
    producer_ = *std::move(made);
    return {};
}

rd_kafka_resp_err_t cluster_admin::produce(rd_kafka_topic_t* topic, outgoing const& message, std::size_t index) {
    auto* const value = message.value ? const_cast<char*>(message.value->data()) : nullptr;
    auto const value_bytes = message.value ? message.value->size() : 0;
    while (true) {
        owned<rd_kafka_headers_t, rd_kafka_headers_destroy> headers{rd_kafka_headers_new(message.headers.size())};
        for (auto const& [name, text] : message.headers)
            rd_kafka_header_add(headers.get(), name.data(), static_cast<ssize_t>(name.size()), text.data(),
                                static_cast<ssize_t>(text.size()));
        auto const code = rd_kafka_producev(
            producer_.get(), RD_KAFKA_V_RKT(topic), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
            RD_KAFKA_V_KEY(message.key.data(), message.key.size()), RD_KAFKA_V_VALUE(value, value_bytes),
            RD_KAFKA_V_TIMESTAMP(message.timestamp_ms), RD_KAFKA_V_HEADERS(headers.get()),
            RD_KAFKA_V_OPAQUE(reinterpret_cast<void*>(index)), RD_KAFKA_V_END);
        if (code == RD_KAFKA_RESP_ERR_NO_ERROR) (void)headers.release();  // the message's now
        rd_kafka_poll(producer_.get(), code == RD_KAFKA_RESP_ERR__QUEUE_FULL ? 100 : 0);
        if (code != RD_KAFKA_RESP_ERR__QUEUE_FULL) return code;
    }
}

/// Sends the messages of these indices and waits until each is reported: as written, or as timed out.
std::vector<sending::failed_message> cluster_admin::deliver(rd_kafka_topic_t* topic,
                                                            std::vector<outgoing> const& messages,
                                                            std::span<std::size_t const> indices) {
    reports_.reported = 0;
    reports_.failures.clear();
    std::size_t sent = 0;
    for (auto const index : indices) {
        auto const code = produce(topic, messages[index], index);
        if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
            ++sent;
        else
            reports_.failures.push_back({.index = index, .reason = code});
    }
    while (reports_.reported < sent) rd_kafka_poll(producer_.get(), 100);
    return std::move(reports_.failures);
}

result<> cluster_admin::send(std::string const& topic, std::vector<outgoing> const& messages) {
    if (!producer_)
        if (auto made = make_producer(); !made) return made;
    topic_handle const handle{rd_kafka_topic_new(producer_.get(), topic.c_str(), nullptr)};
    auto const doing = fmt::format("writing to topic {}", topic);
    if (!handle) return kafka_error(rd_kafka_last_error(), doing);
    std::vector<std::size_t> all(messages.size());
    std::iota(all.begin(), all.end(), std::size_t{0});
    auto failures = deliver(handle.get(), messages, all);
    // A broker rejects a whole set as too large: alone, each shows whether it is.
    auto const too_large =
        std::ranges::partition(failures, [](auto const& each) { return !is_too_large(each.reason); });
    std::vector<sending::failed_message> left{failures.begin(), too_large.begin()};
    for (auto const& each : too_large)
        for (auto const& failure : deliver(handle.get(), messages, {&each.index, 1})) left.push_back(failure);
    if (reports_.fatal()) {
        producer_.reset();
        reports_.recreated();
    }
    if (left.empty()) return {};
    if (auto const trouble = reports_.trouble(); trouble && trouble->code == errc::unauthorized) return *trouble;
    auto const& first = left.front();
    if (!is_too_large(first.reason)) return kafka_error(first.reason, doing);
    auto const& message = messages[first.index];
    return error{errc::too_large,
                 fmt::format("kafka: {}: the message {} of {} bytes is larger than the topic's max.message.bytes: "
                             "raise that",
                             doing, clean_line(message.key), message.value ? message.value->size() : 0)};
}

}  // namespace

result<std::unique_ptr<kafka_admin>> make_kafka_admin(kafka_connection connection, std::chrono::milliseconds timeout) {
    auto client = cluster_client::connect(connection, "kafka_admin", timeout, nullptr);
    if (!client) return client.error();
    return std::make_unique<cluster_admin>(std::move(connection), timeout, *std::move(client));
}

}  // namespace logpipe::kafka
