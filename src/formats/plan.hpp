// A mapping, compiled once: which key of a line goes where, and every constant byte of the document.
#pragma once

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
    mapped,   ///< goes into the document
    dropped,  ///< goes away
    timed,    ///< is among the line's other keys, and its time
    own,      ///< has the name of a key that the document makes itself: stays, under another name
};

/// A key that the mapping names.
struct known_key {
    std::string text;
    std::string match;   ///< as a line has it that escapes no more than it must, closing quote included
    std::string prefix;  ///< of an own key, as the document has it after other keys: `,"index_original":`
    std::string output;  ///< of an own key: its new name
    short_prefix match_begin;
    key_role role = key_role::mapped;
    bool to_number = false;
};

/// What of the document is written next. Its bytes have capacity for a block after it; a comma that they begin with is
/// left out where they come first in their object.
struct plan_step {
    enum class kind : std::uint8_t {
        text,        ///< `bytes`
        value,       ///< where the line has the key: `bytes`, and its value
        text_value,  ///< the same, as a text
        choice,      ///< one of `choices`, by the id
        id,          ///< the id's hex digits
        times,       ///< `parts`
    };
    /// A stretch that changes with the document's time only.
    struct time_part {
        field_source what = field_source::constant;  ///< constant, time or time_millis
        std::string bytes;                           ///< what comes before it; of a constant, all
    };

    kind what = kind::text;
    std::string bytes;
    std::size_t index = 0;  ///< of the key; of `times`, which of them it is
    std::vector<std::string> choices;
    std::vector<time_part> parts;
};

/// Immutable, so any thread may use it.
class plan final {
  public:
    static constexpr std::size_t none = static_cast<std::size_t>(-1);

    explicit plan(mapping const& table);
    plan(plan const&) = delete;  // a copy's bytes would lack the capacity after them
    plan& operator=(plan const&) = delete;

    [[nodiscard]] std::vector<known_key> const& keys() const noexcept { return keys_; }
    /// Whether the key that begins at `key` in a line is this one. Reads up to `match_bytes_max` bytes from there.
    [[nodiscard]] bool is(std::size_t known, char const* key) const noexcept {
        auto const& wanted = keys_[known];
        if (!wanted.match_begin.is_at(key)) return false;
        return wanted.match.size() <= short_prefix::bytes_max ||
               (wanted.match.size() <= match_bytes_max &&
                std::memcmp(key, wanted.match.data(), wanted.match.size()) == 0);
    }
    static constexpr std::size_t match_bytes_max = 64;
    /// @param text  without escapes. @return its index in keys(), or none.
    [[nodiscard]] std::size_t find(std::string_view text) const noexcept;

    [[nodiscard]] std::size_t time_key() const noexcept { return time_key_; }  ///< index in keys(), or none

    /// The document from after its first `{` to the line's other keys.
    [[nodiscard]] std::vector<plan_step> const& steps() const noexcept { return steps_; }
    [[nodiscard]] std::size_t times_count() const noexcept { return times_count_; }
    /// What stands around the line's other keys: `,"labels":{` and `}`, or nothing.
    [[nodiscard]] std::string const& rest_open() const noexcept { return rest_open_; }

    /// The longest document of a line is this and the line's own bytes.
    [[nodiscard]] std::size_t document_bytes_extra() const noexcept { return document_bytes_extra_; }

  private:
    void add_keys(mapping const& table);
    void add_key(std::string const& text, key_role role, std::string const& clash_suffix = {});
    void add_steps(mapping const& table);
    void add_step(mapped_field const& field, std::string_view name);
    void add_text(std::string_view bytes);
    /// A new step; what comes before it is after the last one, or a separate step.
    plan_step& begin_step(plan_step::kind what);
    plan_step& times_step();
    void measure();

    std::vector<known_key> keys_;
    std::size_t time_key_ = none;
    std::vector<plan_step> steps_;
    std::size_t times_count_ = 0;
    std::string rest_open_;
    std::size_t document_bytes_extra_ = 0;
};

/// "a.b.c" as its names.
[[nodiscard]] std::vector<std::string_view> names_in(std::string_view path);

}  // namespace logpipe::formats
