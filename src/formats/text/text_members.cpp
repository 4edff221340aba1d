#include "text/text_members.hpp"

#include "core/bytes.hpp"
#include "core/json_text.hpp"
#include "core/utf8.hpp"
#include "json/json_text.hpp"
#include "text/escapes.hpp"

#include <cstdint>
#include <string>

namespace logpipe::formats {

namespace {

/// The longest that one byte of a line becomes in JSON: \u001f.
constexpr std::size_t growth = 6;
/// The quotes of each value.
constexpr std::size_t around = 2;

}  // namespace

member_key::member_key(std::string_view name) {
    std::string text;
    append_json_string(text, name);
    bytes_.assign(text.begin() + 1, text.end());
    bytes_.resize(bytes_.size() + text_members::padding_bytes);
}

std::string_view member_key::name() const noexcept {
    return raw_key(bytes_.data());
}

bool is_plain(std::string_view text) noexcept {
    constexpr std::uint64_t ones = 0x0101010101010101;
    constexpr std::uint64_t highs = 0x8080808080808080;
    std::uint64_t found = 0;
    char const* at = text.data();
    auto left = text.size();
    auto const look = [&](std::uint64_t word) {
        auto const backslash = word ^ (ones * '\\');
        auto const del = word ^ (ones * 0x7f);
        // A byte below 0x20, a backslash or DEL borrows from its high bit; one above 0x7f has it.
        found |= word | ((word - ones * 0x20) & ~word) | ((backslash - ones) & ~backslash) | ((del - ones) & ~del);
    };
    for (; left >= 8; left -= 8, at += 8) look(load_little<std::uint64_t>(at));
    if (left > 0) {
        auto const used = (std::uint64_t{1} << (8 * left)) - 1;
        look((load_little<std::uint64_t>(at) & used) | (ones * ' ' & ~used));
    }
    return (found & highs) == 0;
}

bool text_members::begin(std::string_view line, bool repairs) {
    members_.clear();
    scratch_.clear();
    repairs_ = repair::none;
    is_plain_ = is_plain(line);
    if (!is_plain_ && !repairs && !is_utf8(line)) return false;
    // A member takes at least one byte of the line, or is one of the few that a format names.
    auto const capacity = (line.size() + 1) * (is_plain_ ? 1 + around : growth + around) + 1024;
    if (scratch_.capacity() < capacity) scratch_.reserve(capacity * 2);
    return true;
}

void text_members::add_text(char const* key, std::string_view value) {
    auto const begin = scratch_.size();
    scratch_ += '"';
    if (is_plain_ && value.find('"') == std::string_view::npos)
        scratch_ += value;
    else
        decode(value);
    end_text(key, begin);
}

void text_members::end_text(char const* key, std::size_t begin) {
    scratch_ += '"';
    members_.push_back({key, {scratch_.data() + begin, scratch_.size() - begin}});
}

void text_members::add_quoted(member_key const& key, std::string_view value) {
    if (!is_plain_) return add_text(key.data(), value);
    members_.push_back({key.data(), {value.data() - 1, value.size() + 2}});
}

void text_members::add_raw(member_key const& key, std::string_view value) {
    auto const begin = scratch_.size();
    scratch_ += '"';
    if (append_repaired_json(scratch_, value)) repairs_ = repairs_ | repair::utf8;
    end_text(key.data(), begin);
}

void text_members::add_number(member_key const& key, std::string_view value) {
    bool const begins_as_number =
        !value.empty() && (value.front() == '-' || (value.front() >= '0' && value.front() <= '9'));
    if (begins_as_number && is_json_scalar(value)) return add_json(key, value);
    add_text(key.data(), value);
}

void text_members::add_own(std::string_view key, std::string_view value, as what) {
    auto const begin = scratch_.size();
    scratch_.append(key).push_back('"');
    char const* const stored = scratch_.data() + begin;
    if (what == as::json)
        members_.push_back({stored, value});
    else
        add_text(stored, value);
}

void text_members::decode(std::string_view value) {
    // Escapes may make UTF-8 together with their neighbours, so bytes are gathered first.
    run_.clear();
    undo_escapes(value, run_);
    if (append_repaired_json(scratch_, run_)) repairs_ = repairs_ | repair::utf8;
}

}  // namespace logpipe::formats
