// Reads msgpack (github.com/msgpack/msgpack, spec.md) token by token, without a tree. Lengths are only believed once
// the bytes are there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace logpipe::forward {

enum class msgpack_type : std::uint8_t {
    nil,
    boolean,
    unsigned_integer,
    signed_integer,  ///< negative ones; the others are unsigned whatever their form was
    real,
    string,
    binary,
    extension,
    array,
    map,
};

[[nodiscard]] std::string_view name_of(msgpack_type type) noexcept;

enum class msgpack_problem : std::uint8_t {
    none,
    truncated,  ///< the bytes end within a value
    invalid,    ///< 0xc1, which msgpack never uses
};

/// The first bytes of a value: all of a number, what comes before the bytes of a string and before the elements of an
/// array or map.
struct msgpack_header {
    msgpack_type type = msgpack_type::nil;
    std::int8_t extension_type = 0;
    std::uint8_t bytes = 0;   ///< of the header itself
    std::uint64_t value = 0;  ///< the number (bits of an int64_t or double), the payload's bytes, or the element count

    [[nodiscard]] std::uint64_t payload_bytes() const noexcept {
        auto const has_payload =
            type == msgpack_type::string || type == msgpack_type::binary || type == msgpack_type::extension;
        return has_payload ? value : 0;
    }
    /// How many values follow that belong to this one, not counting theirs.
    [[nodiscard]] std::uint64_t children() const noexcept {
        return type == msgpack_type::array ? value : type == msgpack_type::map ? 2 * value : 0;
    }
};

[[nodiscard]] msgpack_problem read_msgpack_header(std::string_view bytes, msgpack_header& into) noexcept;

struct msgpack_token {
    msgpack_header header;
    std::string_view payload;  ///< of a string, binary or extension

    [[nodiscard]] msgpack_type type() const noexcept { return header.type; }
    [[nodiscard]] bool is_text() const noexcept {
        return header.type == msgpack_type::string || header.type == msgpack_type::binary;
    }
    [[nodiscard]] double real() const noexcept;
};

/// A position in a byte string. It stays where it is when a call fails.
class msgpack_reader final {
  public:
    explicit msgpack_reader(std::string_view bytes) noexcept : bytes_{bytes} {}

    [[nodiscard]] bool at_end() const noexcept { return position_ == bytes_.size(); }
    [[nodiscard]] std::size_t position() const noexcept { return position_; }
    [[nodiscard]] std::string_view rest() const noexcept {
        return {bytes_.data() + position_, bytes_.size() - position_};
    }
    [[nodiscard]] std::string_view since(std::size_t position) const noexcept {
        return {bytes_.data() + position, position_ - position};
    }
    void go_to(std::size_t position) noexcept { position_ = position; }

    /// The next token; elements of arrays and maps are tokens of their own.
    [[nodiscard]] msgpack_problem next(msgpack_token& into) noexcept;
    /// Over a whole value, however deep.
    [[nodiscard]] msgpack_problem skip() noexcept;

  private:
    std::string_view bytes_;
    std::size_t position_ = 0;
};

}  // namespace logpipe::forward
