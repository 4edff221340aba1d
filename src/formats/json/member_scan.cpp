#include "json/member_scan.hpp"

#include "json/json_text.hpp"
#include "text/byte_block.hpp"

#include <simdjson.h>

#include <cstdint>

namespace logpipe::formats {

namespace {

enum escape_kind : std::uint8_t { none = 0, simple = 1, unicode = 2 };

/// By the byte after the backslash.
constexpr auto escape_kinds = [] {
    std::array<std::uint8_t, 256> all{};
    for (char const c : std::string_view{R"("\/bfnrt)"}) all[static_cast<unsigned char>(c)] = simple;
    all['u'] = unicode;
    return all;
}();

[[nodiscard]] bool is_space(char c) noexcept {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/// A position in a line. Only a text, a word and an object or list look for the line's end, and space of more than one
/// byte: what comes between them is short enough to be read behind it.
class line_cursor final {
  public:
    explicit line_cursor(std::string_view line) noexcept : at_{line.data()}, end_{line.data() + line.size()} {}

    [[nodiscard]] bool is_within() const noexcept { return at_ < end_; }
    [[nodiscard]] bool is_at_end() const noexcept { return at_ == end_; }
    /// Whether UTF-8 is to be checked.
    [[nodiscard]] bool is_ascii() const noexcept { return is_ascii_; }

    [[nodiscard]] bool take(char wanted) noexcept { return *at_++ == wanted; }
    [[nodiscard]] bool take_if(char wanted) noexcept {
        bool const is_there = *at_ == wanted;
        at_ += is_there ? 1 : 0;
        return is_there;
    }
    void skip_space() noexcept {
        if (*at_ == ' ') ++at_;
        if (static_cast<unsigned char>(*at_) <= ' ') [[unlikely]]
            while (at_ < end_ && is_space(*at_)) ++at_;
    }

    /// A text without escapes: its inside.
    [[nodiscard]] bool key(std::string_view& found) noexcept {
        if (!take('"')) return false;
        char const* const begin = at_;
        skip_plain();
        found = {begin, at_};
        return take('"');
    }

    [[nodiscard]] bool value(std::string_view& found) noexcept {
        char const* const begin = at_;
        bool const is_right = *at_ == '"' ? text() : *at_ == '{' || *at_ == '[' ? container() : word();
        found = {begin, at_};
        return is_right;
    }

  private:
    /// To the next quote, backslash or control character.
    void skip_plain() noexcept {
        for (; at_ < end_; at_ += byte_block::bytes) {
            auto const found = byte_block{at_}.special_or_not_ascii();
            if (found == 0) continue;
            at_ += first_of(found);
            if (static_cast<unsigned char>(*at_) >= 0x80) [[unlikely]]
                skip_not_ascii();
            return;
        }
    }
    [[gnu::noinline]] void skip_not_ascii() noexcept {
        is_ascii_ = false;
        for (; at_ < end_; at_ += byte_block::bytes) {
            auto const found = byte_block{at_}.special();
            if (found == 0) continue;
            at_ += first_of(found);
            return;
        }
    }

    [[nodiscard]] bool text() noexcept {
        char const* const begin = ++at_;
        unsigned kinds = 0;
        for (skip_plain(); *at_ == '\\'; skip_plain()) {
            auto const kind = escape_kinds[static_cast<unsigned char>(at_[1])];
            if (kind == none || at_ >= end_) return false;
            kinds |= kind;
            at_ += 2;
        }
        return take('"') && ((kinds & unicode) == 0 || has_valid_escapes({begin, at_ - 1}));
    }

    [[nodiscard]] [[gnu::noinline]] bool container() noexcept {
        is_ascii_ = false;  // perhaps not: nobody checks that on the way
        auto const* const end = at_ < end_ ? json_value_end({at_, end_}) : nullptr;
        if (end == nullptr) return false;
        at_ = end;
        return true;
    }

    /// A number, true, false or null.
    [[nodiscard]] bool word() noexcept {
        char const* const begin = at_;
        while (at_ < end_ && *at_ >= '0' && *at_ <= '9') ++at_;
        if (at_ != begin && *begin != '0' && (*at_ == ',' || *at_ == '}')) return true;
        return other_word(begin);
    }
    [[nodiscard]] [[gnu::noinline]] bool other_word(char const* begin) noexcept {
        while (at_ < end_ && *at_ != ',' && *at_ != '}' && !is_space(*at_)) ++at_;
        return at_ > begin && is_json_scalar({begin, at_});
    }

    char const* at_;
    char const* end_;
    bool is_ascii_ = true;
};

}  // namespace

bool member_scan::read(std::string_view line) noexcept {
    line_cursor at{line};
    auto* next = members_.data();
    if (!at.take('{')) return false;
    do {
        at.skip_space();
        if (!at.is_within() || next == members_.data() + members_max || !at.key(next->key)) return false;
        at.skip_space();
        if (!at.take(':')) return false;
        at.skip_space();
        if (!at.value(next->value)) return false;
        at.skip_space();
        ++next;
    } while (at.take_if(','));
    if (!at.take('}')) return false;
    if (!at.is_at_end()) at.skip_space();
    count_ = static_cast<std::size_t>(next - members_.data());
    return at.is_at_end() && (at.is_ascii() || simdjson::validate_utf8(line.data(), line.size()));
}

}  // namespace logpipe::formats
