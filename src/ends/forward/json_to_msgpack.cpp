#include "json_to_msgpack.hpp"

#include "core/utf8.hpp"
#include "json_writer.hpp"
#include "msgpack_writer.hpp"
#include "plain_bytes.hpp"

#include <charconv>
#include <optional>

namespace logpipe::forward {

namespace {

class json_reader final {
  public:
    json_reader(std::string_view text, std::string& out) noexcept
        : at_{text.data()}, end_{text.data() + text.size()}, write_{out} {}

    bool document(std::uint32_t nesting_max) {
        skip_space();
        if (at_ == end_ || *at_ != '{' || !value(nesting_max)) return false;
        skip_space();
        return at_ == end_;
    }

  private:
    void skip_space() noexcept {
        while (at_ != end_ && (*at_ == ' ' || *at_ == '\t' || *at_ == '\n' || *at_ == '\r')) ++at_;
    }
    bool take(char expected) noexcept {
        if (at_ == end_ || *at_ != expected) return false;
        ++at_;
        return true;
    }
    bool take(std::string_view word) noexcept {
        if (!std::string_view{at_, static_cast<std::size_t>(end_ - at_)}.starts_with(word)) return false;
        at_ += word.size();
        return true;
    }

    bool value(std::uint32_t nesting_max);
    bool object(std::uint32_t nesting_max);
    bool array(std::uint32_t nesting_max);
    void skip_plain() noexcept;
    bool string();
    bool string_with_escapes(char const* begin);
    bool escape();
    std::optional<std::uint32_t> hex4() noexcept;
    bool number();
    bool digits() noexcept;
    bool integer(std::string_view text);

    char const* at_;
    char const* end_;
    msgpack_writer write_;
    std::string text_;   // a string whose escapes are resolved
    std::string bytes_;  // the same with escaped bytes as they were
};

bool json_reader::value(std::uint32_t nesting_max) {
    if (at_ == end_) return false;
    switch (*at_) {
        case '{':
            return nesting_max > 0 && object(nesting_max - 1);
        case '[':
            return nesting_max > 0 && array(nesting_max - 1);
        case '"':
            return string();
        case 't':
            return take("true") && (write_.boolean(true), true);
        case 'f':
            return take("false") && (write_.boolean(false), true);
        case 'n':
            return take("null") && (write_.nil(), true);
        default:
            return number();
    }
}

bool json_reader::object(std::uint32_t nesting_max) {
    ++at_;
    auto const begin = write_.begin_container();
    std::uint32_t count = 0;
    skip_space();
    if (!take('}')) {
        do {
            skip_space();
            if (at_ == end_ || *at_ != '"' || !string()) return false;
            skip_space();
            if (!take(':')) return false;
            skip_space();
            if (!value(nesting_max)) return false;
            ++count;
            skip_space();
        } while (take(','));
        if (!take('}')) return false;
    }
    write_.end_map(begin, count);
    return true;
}

bool json_reader::array(std::uint32_t nesting_max) {
    ++at_;
    auto const begin = write_.begin_container();
    std::uint32_t count = 0;
    skip_space();
    if (!take(']')) {
        do {
            skip_space();
            if (!value(nesting_max)) return false;
            ++count;
            skip_space();
        } while (take(','));
        if (!take(']')) return false;
    }
    write_.end_array(begin, count);
    return true;
}

void json_reader::skip_plain() noexcept {
    while (static_cast<std::size_t>(end_ - at_) >= plain_block_bytes) {
        auto const plain = plain_bytes_in_block(at_);
        at_ += plain;
        if (plain < plain_block_bytes) return;
    }
    while (at_ != end_ && is_plain(*at_)) ++at_;
}

/// The common string needs no copy; one with an escape, or with a character that may stand for a byte, does.
bool json_reader::string() {
    auto const* const begin = ++at_;
    for (skip_plain(); at_ != end_;) {
        auto const byte = static_cast<unsigned char>(*at_);
        if (byte == '"') {
            write_.string({begin, static_cast<std::size_t>(at_ - begin)});
            ++at_;
            return true;
        }
        if (byte < 0x20) return false;
        if (byte == '\\' || byte == 0xee) return string_with_escapes(begin);
        auto const bytes = utf8_sequence_bytes(at_, end_);
        if (bytes == 0) return false;
        at_ += bytes;
        if (bytes == 1) skip_plain();  // other characters come in rows
    }
    return false;
}

bool json_reader::string_with_escapes(char const* begin) {
    text_.assign(begin, at_);
    while (at_ != end_) {
        auto const byte = static_cast<unsigned char>(*at_);
        if (byte == '"') {
            ++at_;
            bytes_.clear();
            append_unescaped_bytes(bytes_, text_);
            write_.string(bytes_);
            return true;
        }
        if (byte < 0x20) return false;
        if (byte == '\\') {
            if (!escape()) return false;
            continue;
        }
        auto const bytes = utf8_sequence_bytes(at_, end_);
        if (bytes == 0) return false;
        text_.append(at_, bytes);
        at_ += bytes;
    }
    return false;
}

bool json_reader::escape() {
    if (++at_ == end_) return false;
    switch (*at_++) {
        case '"':
            text_.push_back('"');
            return true;
        case '\\':
            text_.push_back('\\');
            return true;
        case '/':
            text_.push_back('/');
            return true;
        case 'b':
            text_.push_back('\b');
            return true;
        case 'f':
            text_.push_back('\f');
            return true;
        case 'n':
            text_.push_back('\n');
            return true;
        case 'r':
            text_.push_back('\r');
            return true;
        case 't':
            text_.push_back('\t');
            return true;
        case 'u':
            break;
        default:
            return false;
    }
    auto const unit = hex4();
    if (!unit) return false;
    auto character = *unit;
    if (character >= 0xd800 && character < 0xe000) {
        if (character >= 0xdc00 || !take("\\u")) return false;
        auto const second = hex4();
        if (!second || *second < 0xdc00 || *second >= 0xe000) return false;
        character = 0x10000U + ((character - 0xd800U) << 10U) + (*second - 0xdc00U);
    }
    append_utf8(text_, character);
    return true;
}

std::optional<std::uint32_t> json_reader::hex4() noexcept {
    std::uint32_t value = 0;
    if (end_ - at_ < 4) return std::nullopt;
    auto const [end, failed] = std::from_chars(at_, at_ + 4, value, 16);
    if (failed != std::errc{} || end != at_ + 4) return std::nullopt;
    at_ += 4;
    return value;
}

bool json_reader::digits() noexcept {
    auto const* const begin = at_;
    while (at_ != end_ && *at_ >= '0' && *at_ <= '9') ++at_;
    return at_ != begin;
}

bool json_reader::number() {
    auto const* const begin = at_;
    (void)take('-');
    if (!take('0') && !digits()) return false;
    bool is_integer = true;
    if (take('.')) {
        is_integer = false;
        if (!digits()) return false;
    }
    if (take('e') || take('E')) {
        is_integer = false;
        if (!take('+')) (void)take('-');
        if (!digits()) return false;
    }
    std::string_view const text{begin, static_cast<std::size_t>(at_ - begin)};
    if (is_integer && text != "-0") return integer(text);
    double real = 0;
    if (std::from_chars(begin, at_, real).ec != std::errc{}) return false;
    write_.real(real);
    return true;
}

bool json_reader::integer(std::string_view text) {
    auto const* const end = text.data() + text.size();
    if (text.front() == '-') {
        std::int64_t value = 0;
        if (std::from_chars(text.data(), end, value).ec != std::errc{}) return false;
        write_.integer(value);
        return true;
    }
    std::uint64_t value = 0;
    if (std::from_chars(text.data(), end, value).ec != std::errc{}) return false;
    write_.unsigned_integer(value);
    return true;
}

}  // namespace

bool append_json_object_as_msgpack(std::string& out, std::string_view json, std::uint32_t nesting_max) {
    auto const size = out.size();
    if (json_reader{json, out}.document(nesting_max)) return true;
    out.resize(size);
    return false;
}

}  // namespace logpipe::forward
