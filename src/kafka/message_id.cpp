#include "message_id.hpp"

#include "base/bytes.hpp"
#include "base/chunk_hash.hpp"
#include "logpipe/kafka.hpp"

#include <algorithm>

namespace logpipe {

namespace {

std::string_view bytes_of(void const* data, std::size_t bytes) {
    return {static_cast<char const*>(data), data == nullptr ? 0 : bytes};
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

event_id message_ids::of(rd_kafka_message_t const& message, std::int64_t timestamp_ms) const {
    if (auto const id = id_in_key(bytes_of(message.key, message.key_len))) return id;
    if (auto const id = event_id::parse(header_of(message, id_header.data()))) return *id;
    return from_place(message.partition, message.offset, timestamp_ms, bytes_of(message.payload, message.len));
}

event_id message_ids::from_place(std::int32_t partition, std::int64_t offset, std::int64_t timestamp_ms,
                                 std::string_view value) const {
    // Partition and offset alone would repeat when a topic is made again.
    std::array<char, 20> place;
    store_little(place.data(), static_cast<std::uint32_t>(partition));
    store_little(place.data() + 4, static_cast<std::uint64_t>(offset));
    store_little(place.data() + 12, static_cast<std::uint64_t>(timestamp_ms));
    return chunk_hash(space_, {place.data(), place.size()}, value);
}

}  // namespace logpipe
