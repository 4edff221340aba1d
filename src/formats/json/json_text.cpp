#include "json/json_text.hpp"

#include "text/byte_block.hpp"

#include <cstdint>
#include <optional>

namespace logpipe::formats {

namespace {

[[nodiscard]] bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}

/// Walks over one value from the left; every step says whether the grammar still holds.
class json_walker final {
  public:
    explicit json_walker(std::string_view bytes) noexcept : at_{bytes.data()}, end_{bytes.data() + bytes.size()} {}

    [[nodiscard]] bool at_end() const noexcept { return at_ == end_; }
    [[nodiscard]] char const* at() const noexcept { return at_; }

    bool scalar() noexcept {
        if (at_end()) return false;
        switch (*at_) {
            case '"':
                return text();
            case 't':
                return word("true");
            case 'f':
                return word("false");
            case 'n':
                return word("null");
            default:
                return number();
        }
    }

    bool value(std::size_t depth_left) noexcept {
        if (at_end()) return false;
        if (*at_ == '{') return depth_left > 0 && members('}', depth_left - 1);
        if (*at_ == '[') return depth_left > 0 && members(']', depth_left - 1);
        return scalar();
    }

    bool escapes() noexcept {
        while ((at_ = find_byte(at_, end_, '\\')) != end_) {
            ++at_;
            if (!escape()) return false;
        }
        return true;
    }

  private:
    bool take(char wanted) noexcept {
        if (at_end() || *at_ != wanted) return false;
        ++at_;
        return true;
    }

    bool word(std::string_view wanted) noexcept {
        if (!std::string_view{at_, end_}.starts_with(wanted)) return false;
        at_ += wanted.size();
        return true;
    }

    void skip_space() noexcept {
        while (!at_end() && (*at_ == ' ' || *at_ == '\t' || *at_ == '\n' || *at_ == '\r')) ++at_;
    }

    bool digits() noexcept {
        char const* const begin = at_;
        while (!at_end() && is_digit(*at_)) ++at_;
        return at_ != begin;
    }

    bool number() noexcept {
        take('-');
        if (!take('0') && !digits()) return false;
        if (take('.') && !digits()) return false;
        if (take('e') || take('E')) {
            if (!take('+')) take('-');
            return digits();
        }
        return true;
    }

    /// The four digits of \uXXXX.
    std::optional<std::uint32_t> code_unit() noexcept {
        if (end_ - at_ < 4) return std::nullopt;
        std::uint32_t unit = 0;
        for (int i = 0; i < 4; ++i, ++at_) {
            char const lower = static_cast<char>(*at_ | 0x20);
            if (is_digit(*at_)) {
                unit = unit * 16 + static_cast<std::uint32_t>(*at_ - '0');
            } else if (lower >= 'a' && lower <= 'f') {
                unit = unit * 16 + static_cast<std::uint32_t>(lower - 'a' + 10);
            } else {
                return std::nullopt;
            }
        }
        return unit;
    }

    /// After the backslash.
    bool escape() noexcept {
        if (at_end()) return false;
        switch (*at_++) {
            case '"':
            case '\\':
            case '/':
            case 'b':
            case 'f':
            case 'n':
            case 'r':
            case 't':
                return true;
            case 'u':
                return unicode();
            default:
                return false;
        }
    }

    /// After \u. Half of a surrogate pair stands for no character, and no UTF-8 can hold it.
    bool unicode() noexcept {
        auto const unit = code_unit();
        if (!unit) return false;
        if (*unit < 0xd800 || *unit > 0xdfff) return true;
        if (*unit > 0xdbff || !take('\\') || !take('u')) return false;
        auto const low = code_unit();
        return low && *low >= 0xdc00 && *low <= 0xdfff;
    }

    bool text() noexcept {
        if (!take('"')) return false;
        while (!at_end()) {
            char const c = *at_++;
            if (c == '"') return true;
            if (static_cast<unsigned char>(c) < 0x20) return false;
            if (c == '\\' && !escape()) return false;
        }
        return false;
    }

    bool members(char close, std::size_t depth_left) noexcept {
        ++at_;
        skip_space();
        if (take(close)) return true;
        while (true) {
            if (close == '}') {
                if (!text()) return false;
                skip_space();
                if (!take(':')) return false;
                skip_space();
            }
            if (!value(depth_left)) return false;
            skip_space();
            if (take(close)) return true;
            if (!take(',')) return false;
            skip_space();
        }
    }

    char const* at_;
    char const* end_;
};

}  // namespace

bool is_json_scalar(std::string_view token) noexcept {
    json_walker walker{token};
    return walker.scalar() && walker.at_end();
}

bool has_valid_escapes(std::string_view inside) noexcept {
    return json_walker{inside}.escapes();
}

bool is_json_value(std::string_view bytes) noexcept {
    json_walker walker{bytes};
    return walker.value(nesting_max) && walker.at_end();
}

char const* json_value_end(std::string_view bytes) noexcept {
    json_walker walker{bytes};
    return walker.value(nesting_max) ? walker.at() : nullptr;
}

namespace {

void skip_space_and(char separator, std::string_view& text) noexcept {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t' || text.front() == '\n' ||
                             text.front() == '\r' || text.front() == separator))
        text.remove_prefix(1);
}

/// The value at the front, which it takes.
[[nodiscard]] std::string_view take_value(std::string_view& text) noexcept {
    auto const* const end = json_value_end(text);
    if (end == nullptr) return {};
    auto const value = text.substr(0, static_cast<std::size_t>(end - text.data()));
    text.remove_prefix(value.size());
    return value;
}

}  // namespace

std::optional<json_members::member> json_members::next() noexcept {
    skip_space_and(',', left_);
    auto const name = take_value(left_);
    if (name.size() < 2) return std::nullopt;
    skip_space_and(':', left_);
    return member{.name = name.substr(1, name.size() - 2), .value = take_value(left_)};
}

std::string_view only_element(std::string_view list) noexcept {
    list.remove_prefix(1);
    skip_space_and(' ', list);
    auto const value = take_value(list);
    skip_space_and(' ', list);
    return list == "]" ? value : std::string_view{};
}

std::string_view number_in(std::string_view value) noexcept {
    if (value.size() < 3 || value.front() != '"') return value;
    auto const inner = value.substr(1, value.size() - 2);
    bool const begins_as_number = inner.front() == '-' || (inner.front() >= '0' && inner.front() <= '9');
    return begins_as_number && is_json_scalar(inner) ? inner : value;
}

bool needs_quotes(std::string_view value) noexcept {
    return value.front() != '"' && value.front() != '{' && value.front() != '[' && value.front() != 'n';
}

}  // namespace logpipe::formats
