// A mapping, compiled once: which key of a line goes where, and every constant byte of the document.
#pragma once

#include "core/clock.hpp"
#include "core/short_prefix.hpp"
#include "formats/normalize.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace logpipe::formats {

enum class key_role : std::uint8_t {
    nested,   ///< moves into the nested object
    dropped,  ///< goes away
    own,      ///< has the name of a key that the document makes itself: stays, under another name
};

/// A key that the mapping names.
struct known_key {
    std::string text;
    std::string match;  ///< as a line has it that escapes no more than it must, closing quote included
    /// As the document has it, behind other keys: `,"remote_ip":` or `,"index_original":`. With room for a block
    /// behind.
    std::string prefix;
    std::string output;  ///< of an own key: its new name
    short_prefix match_begin;
    key_role role = key_role::nested;
};

/// Immutable, so any thread may use it.
class plan final {
  public:
    static constexpr std::size_t none = static_cast<std::size_t>(-1);

    explicit plan(mapping const& table);
    plan(plan const&) = delete;  // a copy's prefixes would lack the room behind them
    plan& operator=(plan const&) = delete;

    /// All known keys; the nested ones first, in the order of the mapping.
    [[nodiscard]] std::vector<known_key> const& keys() const noexcept { return keys_; }
    [[nodiscard]] std::size_t nested_count() const noexcept { return nested_count_; }
    /// Whether the key that begins at `key` in a line is this one. Reads up to `match_bytes_max` bytes from there.
    [[nodiscard]] bool is(std::size_t known, char const* key) const noexcept {
        auto const& wanted = keys_[known];
        if (!wanted.match_begin.is_at(key)) return false;
        return wanted.match.size() <= short_prefix::bytes_max ||
               (wanted.match.size() <= match_bytes_max &&
                std::memcmp(key, wanted.match.data(), wanted.match.size()) == 0);
    }
    static constexpr std::size_t match_bytes_max = 64;
    /// @param text  without escapes. @return its place in keys(), or none.
    [[nodiscard]] std::size_t find(std::string_view text) const noexcept;

    [[nodiscard]] std::size_t time_key() const noexcept { return time_key_; }  ///< place in keys(), or none

    // The document's constant parts, in their order. Those of the mapping have room for a block behind.
    [[nodiscard]] std::string const& open() const noexcept { return open_; }  ///< up to the first nested key
    /// From the nested object's end to the id's hex digits, one for each region.
    [[nodiscard]] std::vector<std::string> const& fields() const noexcept { return fields_; }
    static constexpr std::string_view before_time = R"("},"@version":"1")";
    static constexpr std::string_view before_iso_time = R"(,"@timestamp":")";
    static constexpr std::string_view before_millis = R"(","time":)";
    static constexpr std::size_t millis_bytes_max = 20;
    static constexpr std::size_t time_bytes_max = before_time.size() + before_iso_time.size() +
                                                  exact_iso_time_bytes_max + before_millis.size() + millis_bytes_max;
    [[nodiscard]] std::string const& added() const noexcept { return added_; }  ///< the rest of ours

    /// The longest document of a line is this and the line's own bytes.
    [[nodiscard]] std::size_t document_bytes_extra() const noexcept { return document_bytes_extra_; }

  private:
    void add_key(std::string const& text, key_role role, std::string const& clash_suffix);

    std::vector<known_key> keys_;
    std::size_t nested_count_ = 0;
    std::size_t time_key_ = none;
    std::string open_;
    std::vector<std::string> fields_;
    std::string added_;
    std::size_t document_bytes_extra_ = 0;
};

}  // namespace logpipe::formats
