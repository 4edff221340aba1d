#include "letter_headers.hpp"

#include "core/assert.hpp"
#include "kafka/kafka_letter.hpp"
#include "message_id.hpp"

#include <algorithm>
#include <charconv>

namespace logpipe::kafka {

namespace {

constexpr char const* version_header = "logpipe-letter";
constexpr char const* stage_header = "logpipe-stage";
constexpr char const* reason_header = "logpipe-reason";
constexpr char const* origin_header = "logpipe-origin";
constexpr char const* rejected_header = "logpipe-rejected-ns";
constexpr char const* part_header = "logpipe-part";
constexpr char const* parts_header = "logpipe-parts";
constexpr char const* entries_header = "logpipe-entries";
constexpr std::string_view plain_version = "1";
constexpr std::string_view pack_version = "2";
constexpr char part_mark = '#';

template <class Number>
bool read_number(std::string_view text, Number& into) noexcept {
    auto const [end, failed] = std::from_chars(text.data(), text.data() + text.size(), into);
    return failed == std::errc{} && end == text.data() + text.size() && !text.empty();
}

}  // namespace

letter_headers::letter_headers(dead_letter_view const& letter) noexcept {
    add(version_header, letter.entries > 0 ? pack_version : plain_version);
    add(stage_header, letter.stage);
    add(reason_header, letter.reason);
    add(origin_header, letter.origin);
    add(event_tag_header.data(), letter.tag);
    add(rejected_header, letter.time_ns);
    if (letter.event_time_ns != 0) add(time_header.data(), letter.event_time_ns);
    if (letter.received_ns != 0) add(received_header.data(), letter.received_ns);
    if (letter.entries > 0) add(entries_header, std::int64_t{letter.entries});
    auto const key = key_of(letter.id);
    std::ranges::copy(key, key_.begin());
    key_bytes_ = key.size();
    if (letter.part.is_whole()) return;
    add(part_header, std::int64_t{letter.part.index});
    add(parts_header, std::int64_t{letter.part.count});
    key_[key_bytes_++] = part_mark;
    auto const [end, failed] = std::to_chars(key_.data() + key_bytes_, key_.data() + key_.size(), letter.part.index);
    LOGPIPE_ASSERT(failed == std::errc{});
    key_bytes_ = static_cast<std::size_t>(end - key_.data());
}

void letter_headers::add(char const* name, std::int64_t number) noexcept {
    auto* const begin = numbers_.data() + number_bytes_;
    auto const [end, failed] = std::to_chars(begin, numbers_.data() + numbers_.size(), number);
    LOGPIPE_ASSERT(failed == std::errc{});
    number_bytes_ += static_cast<std::size_t>(end - begin);
    add(name, std::string_view{begin, end});
}

std::vector<std::pair<std::string, std::string>> letter_topic_properties(letter_retention const& keep) {
    auto const limit = [](auto number) { return number == 0 ? std::string{"-1"} : std::to_string(number); };
    return {{"cleanup.policy", "compact,delete"},
            {"retention.ms", limit(keep.age_max.count())},
            {"retention.bytes", limit(keep.bytes_max)},
            {"max.message.bytes", std::to_string(letter_line_bytes + letter_head_bytes)}};
}

std::string kafka_letter_key(event_id id, letter_part part) {
    return std::string{letter_headers{{.id = id, .part = part}}.key()};
}

event_id id_in_letter_key(std::string_view key) noexcept {
    if (key.size() <= key_bytes) return id_in_key(key);
    std::uint32_t index = 0;
    if (key[key_bytes] != part_mark || !read_number(key.substr(key_bytes + 1), index)) return {};
    return id_in_key(key.substr(0, key_bytes));
}

kafka_admin::outgoing kafka_letter(dead_letter_view const& letter, std::int64_t timestamp_ms) {
    letter_headers const made{letter};
    kafka_admin::outgoing message{
        .key = std::string{made.key()}, .value = std::string{letter.record}, .timestamp_ms = timestamp_ms};
    for (auto const& [name, value] : made.all()) message.headers.emplace_back(name, value);
    return message;
}

bool is_kafka_letter(kafka_message const& message) {
    return message.header && message.header(version_header).data() != nullptr;
}

std::optional<dead_letter_view> read_kafka_letter(kafka_message const& message) {
    if (!message.value || !is_kafka_letter(message)) return std::nullopt;
    auto const version = message.header(version_header);
    bool const is_pack = version == pack_version;
    if (!is_pack && version != plain_version) return std::nullopt;
    dead_letter_view letter{.id = id_in_letter_key(message.key),
                            .stage = message.header(stage_header),
                            .reason = message.header(reason_header),
                            .origin = message.header(origin_header),
                            .tag = message.header(event_tag_header.data()),
                            .record = *message.value};
    auto const number = [&](char const* name, auto& into) {
        auto const text = message.header(name);
        return text.data() == nullptr || read_number(text, into);
    };
    bool const readable = number(rejected_header, letter.time_ns) && number(time_header.data(), letter.event_time_ns) &&
                          number(received_header.data(), letter.received_ns) &&
                          number(part_header, letter.part.index) && number(parts_header, letter.part.count) &&
                          number(entries_header, letter.entries) && (letter.entries > 0) == is_pack;
    if (!readable || !letter.id || letter.part.index >= letter.part.count) return std::nullopt;
    return letter;
}

}  // namespace logpipe::kafka
