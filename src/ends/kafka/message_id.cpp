#include "message_id.hpp"

#include "core/bytes.hpp"
#include "core/chunk_hash.hpp"

#include <algorithm>
#include <charconv>

namespace logpipe::kafka {

namespace {

std::string_view bytes_of(void const* data, std::size_t bytes) {
    return {static_cast<char const*>(data), data == nullptr ? 0 : bytes};
}

/// 0 where there is none.
std::int64_t time_in_header(rd_kafka_message_t const& message, std::string_view name) {
    auto const text = header_of(message, name.data());
    std::int64_t time_ns = 0;
    auto const [end, failed] = std::from_chars(text.data(), text.data() + text.size(), time_ns);
    return failed == std::errc{} && end == text.data() + text.size() ? time_ns : 0;
}

}  // namespace

key_text key_of(event_id id) noexcept {
    key_text text;
    std::copy(key_prefix.begin(), key_prefix.end(), text.begin());
    id.write_text(text.data() + key_prefix.size());
    return text;
}

std::string kafka_key(event_id id) {
    auto const text = key_of(id);
    return {text.data(), text.size()};
}

event_id id_in_key(std::string_view key) noexcept {
    if (key.size() != key_bytes || !key.starts_with(key_prefix)) return {};
    return event_id::parse(key.substr(key_prefix.size())).value_or(event_id{});
}

void write_event_key(std::string& out, kafka_facts const& facts) {
    out.resize(event_key_bytes_min + facts.tag.size());
    auto* at = out.data();
    at += event_key_prefix.copy(at, event_key_prefix.size());
    facts.id.write_text(at);
    at += event_id::text_bytes;
    for (auto const time_ns : {facts.received_ns, facts.time_ns}) {
        write_base32_number(at, static_cast<std::uint64_t>(time_ns));
        at += base32_number_bytes;
    }
    facts.tag.copy(at, facts.tag.size());
}

std::string kafka_event_key(kafka_facts const& facts) {
    std::string out;
    write_event_key(out, facts);
    return out;
}

std::optional<kafka_facts> facts_in_key(std::string_view key) noexcept {
    if (auto const id = id_in_key(key)) return kafka_facts{.id = id};
    if (!key.starts_with(event_key_prefix) || key.size() < event_key_bytes_min) return std::nullopt;
    auto const id = event_id::parse(key.substr(event_key_prefix.size(), event_id::text_bytes));
    auto const received = read_base32_number(key.substr(key_bytes, base32_number_bytes));
    auto const time = read_base32_number(key.substr(key_bytes + base32_number_bytes, base32_number_bytes));
    if (!id || !*id || !received || !time) return std::nullopt;
    return kafka_facts{.id = *id,
                       .received_ns = static_cast<std::int64_t>(*received),
                       .time_ns = static_cast<std::int64_t>(*time),
                       .tag = key.substr(event_key_bytes_min)};
}

std::string_view header_of(rd_kafka_message_t const& message, char const* name) {
    rd_kafka_headers_t* headers = nullptr;
    if (rd_kafka_message_headers(&message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return {};
    void const* value = nullptr;
    std::size_t bytes = 0;
    if (rd_kafka_header_get_last(headers, name, &value, &bytes) != RD_KAFKA_RESP_ERR_NO_ERROR) return {};
    return bytes_of(value, bytes);
}

message_ids::message_ids(std::string_view cluster_id, std::string_view topic)
    : space_{std::string{cluster_id}.append(1, '/').append(topic)} {}

kafka_facts message_ids::of(rd_kafka_message_t const& message, std::int64_t timestamp_ms) const {
    constexpr std::int64_t millisecond_ns = 1'000'000;
    auto facts = facts_in_key(bytes_of(message.key, message.key_len)).value_or(kafka_facts{});
    if (!facts.id) {
        if (auto const id = event_id::parse(header_of(message, id_header.data())))
            facts = {.id = *id,
                     .received_ns = time_in_header(message, received_header),
                     .time_ns = time_in_header(message, time_header),
                     .tag = header_of(message, event_tag_header.data())};
        else
            facts.id =
                from_position(message.partition, message.offset, timestamp_ms, bytes_of(message.payload, message.len));
    }
    if (facts.received_ns == 0) facts.received_ns = timestamp_ms * millisecond_ns;
    return facts;
}

event_id message_ids::from_position(std::int32_t partition, std::int64_t offset, std::int64_t timestamp_ms,
                                    std::string_view value) const {
    // Partition and offset alone would repeat when a topic is recreated.
    std::array<char, 20> bytes;
    store_little(bytes.data(), static_cast<std::uint32_t>(partition));
    store_little(bytes.data() + 4, static_cast<std::uint64_t>(offset));
    store_little(bytes.data() + 12, static_cast<std::uint64_t>(timestamp_ms));
    return chunk_hash(space_, {bytes.data(), bytes.size()}, value);
}

}  // namespace logpipe::kafka
