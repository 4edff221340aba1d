#include "text/text_members.hpp"

#include "core/json_text.hpp"
#include "core/utf8.hpp"
#include "json/json_text.hpp"
#include "made_texts.hpp"
#include "text/byte_block.hpp"
#include "text/escapes.hpp"

#include <string>

namespace logpipe::formats {

namespace {

/// The longest that one byte of a line becomes in JSON: \u001f.
constexpr std::size_t growth = 6;

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
    for (std::size_t i = 0; i < text.size(); i += byte_block::bytes) {
        auto const found = byte_block{text.data() + i}.not_plain();
        if (found != 0) [[unlikely]]
            return i + first_of(found) >= text.size();
    }
    return true;
}

bool text_members::begin(std::string_view line, bool repairs) {
    clear();
    repairs_ = repair::none;
    has_flags_ = false;
    is_plain_ = formats::is_plain(line);
    if (!is_plain_ && !repairs && !is_utf8(line)) return false;
    // A member takes at least one byte of the line, or is one of the few that a format names.
    auto const capacity = (line.size() + 1) * (is_plain_ ? 1 + around : growth + around) + 1024 + padding_bytes;
    if (store_.size() < capacity) store_.resize(capacity * 2);
    to_ = document_writer{store_.data()};
    return true;
}

void text_members::go_back_to(mark const& to) noexcept {
    count_ = to.count;
    to_ = document_writer{to.stored_end};
    repairs_ = to.repairs;
    has_flags_ = to.has_flags;
}

void text_members::grow() {
    members_.resize(2 * count_ + 16);
}

void text_members::add_text(char const* key, std::string_view value) {
    add_stored(key, is_as_json(value) ? value : decoded(value));
}

void text_members::add_quoted(member_key const& key, std::string_view value) {
    if (!is_as_json(value)) return add_text(key.data(), value);
    add_plain_quoted(key, value);
}

void text_members::add_raw(member_key const& key, std::string_view value) {
    decoded_.clear();
    if (append_repaired_json(decoded_, value)) repairs_ = repairs_ | repair::utf8;
    add_stored(key.data(), made_texts::view(decoded_));
}

void text_members::add_number(member_key const& key, std::string_view value) {
    bool const begins_as_number =
        !value.empty() && (value.front() == '-' || (value.front() >= '0' && value.front() <= '9'));
    if (begins_as_number && is_json_scalar(value)) return add_json(key, value);
    add_text(key.data(), value);
}

void text_members::add_digits(member_key const& key, std::string_view value) {
    bool const is_number = value.front() != '0' || value.size() == 1;
    return is_number ? add_json(key, value) : add_text(key, value);
}

void text_members::add_own(std::string_view key, std::string_view value, as what) {
    LOGPIPE_ASSERT(key.size() + 1 + padding_bytes <= room());
    char const* const stored = to_.at();
    to_.put(key);
    to_.put('"');
    if (what == as::json)
        push(stored, value);
    else
        add_text(stored, value);
}

void text_members::add_own_flag(std::string_view key) {
    add_own(key, padded::yes, as::json);
    has_flags_ = true;
}

std::string_view text_members::decoded(std::string_view value) {
    // Escapes may make UTF-8 together with their neighbours, so bytes are gathered first.
    run_.clear();
    undo_escapes(value, run_);
    decoded_.clear();
    if (append_repaired_json(decoded_, run_)) repairs_ = repairs_ | repair::utf8;
    return made_texts::view(decoded_);
}

}  // namespace logpipe::formats
