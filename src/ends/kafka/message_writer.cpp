#include "message_writer.hpp"

#include "codec/dead_letter_frame.hpp"
#include "core/assert.hpp"
#include "json_member.hpp"
#include "letter_headers.hpp"
#include "message_id.hpp"

#include <array>
#include <atomic>
#include <charconv>
#include <string>

namespace logpipe::kafka {

namespace {

/// A time in a header, in decimal.
using time_text = std::array<char, 20>;
std::string_view decimal(std::int64_t number, time_text& into) noexcept {
    return {into.data(), std::to_chars(into.data(), into.data() + into.size(), number).ptr};
}

std::string_view text_of(key_text const& key) noexcept {
    return {key.data(), key.size()};
}

}  // namespace

bool message_writer::open(rd_kafka_t* client) {
    client_ = client;
    topic_conf_handle conf{rd_kafka_default_topic_conf_dup(client_)};
    if (options_.key_field.empty()) {
        rd_kafka_topic_conf_set_opaque(conf.get(), &sent_);
        rd_kafka_topic_conf_set_partitioner_cb(conf.get(), choose_partition);
    } else {
        // What Java's default partitioner does, so that other producers of this key choose the same partition.
        rd_kafka_topic_conf_set_partitioner_cb(conf.get(), rd_kafka_msg_partitioner_murmur2_random);
    }
    topic_.reset(rd_kafka_topic_new(client_, options_.topic.c_str(), conf.get()));
    if (topic_) (void)conf.release();  // the topic's now
    return topic_ != nullptr;
}

std::int32_t message_writer::choose_partition(rd_kafka_topic_t const* topic, void const* /*key*/,
                                              std::size_t /*key_bytes*/, std::int32_t partition_count, void* table,
                                              void* message) {
    auto& sent = static_cast<sent_batches*>(table)->at(message_tag{reinterpret_cast<std::uint64_t>(message)});
    std::atomic_ref const partition{sent.partition};
    auto const chosen = partition.load(std::memory_order_relaxed);
    if (chosen >= 0 && chosen < partition_count) return chosen;
    // The next one that has a leader; where none has, the next one.
    auto const first = static_cast<std::int32_t>(sent.number % static_cast<std::uint64_t>(partition_count));
    auto best = first;
    for (std::int32_t i = 0; i < partition_count; ++i) {
        auto const candidate = (first + i) % partition_count;
        if (rd_kafka_topic_partition_available(topic, candidate) == 0) continue;
        best = candidate;
        break;
    }
    partition.store(best, std::memory_order_relaxed);
    return best;
}

rd_kafka_resp_err_t message_writer::produce(message_tag tag) const {
    auto const& events = sent_.at(tag).events;
    auto const& row = events.events[event_of(tag)];
    if (options_.letters) return produce_letter(tag, events.payload(row), row.received_ns);
    auto const payload = events.payload(row);
    std::string_view const tag_text = events.tags[row.tag];

    std::array<rd_kafka_vu_t, 10> parts;  // what is not set is not read
    std::size_t count = 0;
    auto const part = [&](rd_kafka_vtype_t type) -> rd_kafka_vu_t& {
        parts[count].vtype = type;
        return parts[count++];
    };
    auto const header = [&](std::string_view name, std::string_view value) {
        part(RD_KAFKA_VTYPE_HEADER).u.header = {
            .name = name.data(), .val = value.data(), .size = static_cast<ssize_t>(value.size())};
    };
    thread_local std::string scratch;
    std::string_view key;
    key_text id_key;
    time_text received;
    time_text time;
    if (!options_.key_field.empty()) {
        key = json_member(payload, options_.key_field, scratch).value_or(std::string_view{});
        if (row.id) {
            id_key = key_of(row.id);
            header(id_header, text_of(id_key).substr(key_prefix.size()));
            if (row.received_ns != 0) header(received_header, decimal(row.received_ns, received));
            if (row.time_ns != 0) header(time_header, decimal(row.time_ns, time));
            if (!tag_text.empty()) header(event_tag_header, tag_text);
        }
    } else if (row.id) {
        write_event_key(scratch,
                        {.id = row.id, .received_ns = row.received_ns, .time_ns = row.time_ns, .tag = tag_text});
        key = scratch;
    }
    if (!options_.tag_header.empty()) header(options_.tag_header, tag_text);
    part(RD_KAFKA_VTYPE_RKT).u.rkt = topic_.get();
    // librdkafka's interface takes a writable pointer, and only reads it.
    part(RD_KAFKA_VTYPE_VALUE).u.mem = {.ptr = const_cast<char*>(payload.data()), .size = payload.size()};
    part(RD_KAFKA_VTYPE_OPAQUE).u.ptr = reinterpret_cast<void*>(static_cast<std::uint64_t>(tag));
    part(RD_KAFKA_VTYPE_TIMESTAMP).u.i64 = row.received_ns / 1'000'000;  // 0: now
    if (key.data() != nullptr)
        part(RD_KAFKA_VTYPE_KEY).u.mem = {.ptr = const_cast<char*>(key.data()), .size = key.size()};
    kafka_failure const failure{rd_kafka_produceva(client_, parts.data(), count)};
    return failure ? rd_kafka_error_code(failure.get()) : RD_KAFKA_RESP_ERR_NO_ERROR;
}

/// The original bytes are the value, what comes before them becomes key and headers.
rd_kafka_resp_err_t message_writer::produce_letter(message_tag tag, std::string_view frame,
                                                   std::int64_t time_ns) const {
    auto const letter = codec::read_dead_letter_frame(frame);
    LOGPIPE_ASSERT(letter.has_value());  // dead_letter_writer wrote it
    letter_headers const made{*letter};
    std::array<rd_kafka_vu_t, letter_headers::count_max + 5> parts;  // what is not set is not read
    std::size_t count = 0;
    auto const part = [&](rd_kafka_vtype_t type) -> rd_kafka_vu_t& {
        parts[count].vtype = type;
        return parts[count++];
    };
    for (auto const& [name, value] : made.all())
        part(RD_KAFKA_VTYPE_HEADER).u.header = {
            .name = name, .val = value.data(), .size = static_cast<ssize_t>(value.size())};
    part(RD_KAFKA_VTYPE_RKT).u.rkt = topic_.get();
    // librdkafka copies the key and reads the value where it lies; its interface takes writable pointers to both.
    part(RD_KAFKA_VTYPE_VALUE).u.mem = {.ptr = const_cast<char*>(letter->record.data()), .size = letter->record.size()};
    part(RD_KAFKA_VTYPE_KEY).u.mem = {.ptr = const_cast<char*>(made.key().data()), .size = made.key().size()};
    part(RD_KAFKA_VTYPE_OPAQUE).u.ptr = reinterpret_cast<void*>(static_cast<std::uint64_t>(tag));
    part(RD_KAFKA_VTYPE_TIMESTAMP).u.i64 = time_ns / 1'000'000;
    kafka_failure const failure{rd_kafka_produceva(client_, parts.data(), count)};
    return failure ? rd_kafka_error_code(failure.get()) : RD_KAFKA_RESP_ERR_NO_ERROR;
}

}  // namespace logpipe::kafka
