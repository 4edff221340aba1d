// The members of a line of text, as JSON.
#pragma once

#include "core/assert.hpp"
#include "document_writer.hpp"
#include "repairs.hpp"
#include "text/byte_block.hpp"

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace logpipe::formats {

/// A key as a reader gives it: it stays where it is, and has the readable bytes after it that comparing needs.
class member_key final {
  public:
    explicit member_key(std::string_view name);
    member_key(member_key const&) = delete;
    member_key& operator=(member_key const&) = delete;
    member_key(member_key&&) noexcept = default;
    member_key& operator=(member_key&&) noexcept = default;

    [[nodiscard]] char const* data() const noexcept { return bytes_.data(); }
    [[nodiscard]] std::string_view name() const noexcept;

  private:
    std::vector<char> bytes_;  ///< as JSON spells it, without the opening quote; a vector's bytes move with it
};

/// JSON that no line holds, with the readable bytes after it that copying needs.
namespace padded {
inline constexpr std::array<char, 64> zero_bytes{'0'};
inline constexpr std::array<char, 64> true_bytes{'t', 'r', 'u', 'e'};
inline constexpr std::string_view zero{zero_bytes.data(), 1};
inline constexpr std::string_view yes{true_bytes.data(), 4};
}  // namespace padded

/// Of one line at a time; keeps its memory from line to line. One thread.
///
/// Values of a line that is plain (printable ASCII without a backslash) and without quotes are copied as they are or,
/// where quotes stand around them in the line, not at all. In others, escapes are undone: nginx's \xNN, and Apache's
/// and JSON's.
class text_members final {
  public:
    static constexpr std::size_t padding_bytes = 64;

    struct member {
        char const* key;
        std::string_view value;
    };
    /// How far it is, to come back to.
    struct mark {
        std::size_t count;
        char* stored_end;
        repair repairs;
        bool has_flags;
    };

    /// @param line  with padding_bytes readable bytes after it
    /// @param repairs  false: a line with bytes that are not UTF-8 is refused
    /// @return false where the line is refused
    [[nodiscard]] bool begin(std::string_view line, bool repairs);
    void clear() noexcept { count_ = 0; }

    /// A part of the line becomes a JSON text.
    void add_text(member_key const& key, std::string_view value) { add_text(key.data(), value); }
    /// The same where a quote stands on either side of it in the line.
    void add_quoted(member_key const& key, std::string_view value);
    /// As it is, with backslashes for what they are.
    void add_raw(member_key const& key, std::string_view value);
    /// A number of the line as it is; what is none becomes a text.
    void add_number(member_key const& key, std::string_view value);
    /// The same of digits and nothing else.
    void add_digits(member_key const& key, std::string_view value);
    /// Bytes that stay where they are, with padding after them.
    void add_json(member_key const& key, std::string_view json) { push(key.data(), json); }

    /// Whether the line is printable ASCII without a backslash.
    [[nodiscard]] bool is_plain() const noexcept { return is_plain_; }
    /// Of a line that is plain: a value without quotes.
    void add_plain_text(member_key const& key, std::string_view value) { add_stored(key.data(), value); }
    /// The same where a quote stands on either side of it in the line.
    void add_plain_quoted(member_key const& key, std::string_view value) {
        push(key.data(), {value.data() - 1, value.size() + around});
    }

    enum class as { text, json };
    /// A key that the line names itself. @param key  ASCII without quotes, backslashes and control characters
    void add_own(std::string_view key, std::string_view value, as what);
    /// The same without a value: true.
    void add_own_flag(std::string_view key);

    /// For a parser: so many values of a line, before they are members.
    [[nodiscard]] std::string_view* parts(std::size_t count) {
        if (parts_.size() < count) parts_.resize(count);
        return parts_.data();
    }

    [[nodiscard]] mark now() const noexcept { return {count_, to_.at(), repairs_, has_flags_}; }
    /// Takes back what was added since.
    void go_back_to(mark const& to) noexcept;

    [[nodiscard]] std::span<member const> all() const noexcept { return {members_.data(), count_}; }
    [[nodiscard]] repair repairs() const noexcept { return repairs_; }
    [[nodiscard]] bool has_flags() const noexcept { return has_flags_; }

  private:
    /// The quotes around each value.
    static constexpr std::size_t around = 2;

    /// Each value of each line comes by here: a call would cost as much as what it does.
    [[gnu::always_inline]] void push(char const* key, std::string_view value) {
        if (count_ == members_.size()) [[unlikely]]
            grow();
        members_[count_++] = {key, value};
    }
    void grow();
    void add_text(char const* key, std::string_view value);
    /// @param encoded  the inside of a JSON text, with a block of readable bytes after it
    void add_stored(char const* key, std::string_view encoded) {
        auto const bytes = encoded.size() + around;
        LOGPIPE_ASSERT(bytes + padding_bytes <= room());
        push(key, {to_.at(), bytes});
        to_.put('"');
        to_.put_blocks(encoded);
        to_.put('"');
    }
    /// The inside of a JSON text, until the next one is made.
    [[nodiscard]] std::string_view decoded(std::string_view value);
    [[nodiscard]] std::size_t room() const noexcept {
        return static_cast<std::size_t>(store_.data() + store_.size() - to_.at());
    }
    [[nodiscard]] bool is_as_json(std::string_view value) const noexcept {
        auto const* const end = value.data() + value.size();
        return is_plain_ && find_byte(value.data(), end, '"') == end;
    }

    std::vector<std::string_view> parts_;
    std::vector<member> members_;  ///< the first `count_` are those of the line
    std::size_t count_ = 0;
    std::vector<char> store_;  ///< what is not in the line: of a size for the line at hand, so that views into it hold
    document_writer to_{nullptr};  ///< into store_
    std::string run_;              ///< of decoded()…
    std::string decoded_;          ///< …and what it gave
    bool is_plain_ = true;
    bool has_flags_ = false;
    repair repairs_ = repair::none;
};

/// Whether all bytes are printable ASCII and none is a backslash. Reads less than a block after the text.
[[nodiscard]] bool is_plain(std::string_view text) noexcept;

}  // namespace logpipe::formats
