// A mapping, compiled once: which key of a line goes where, and every constant byte of the document.
#pragma once

#include "core/short_prefix.hpp"
#include "formats/normalize.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace logpipe::formats {

enum class key_role : std::uint8_t {
    mapped,   ///< goes into the document
    part,     ///< is joined with others, or among the line's other keys
    dropped,  ///< goes away
    rest,     ///< is among the line's other keys
    own,      ///< has the name of a key that the document makes itself: stays, under another name
};

/// A key that the mapping names.
struct known_key {
    std::string text;
    std::string match;   ///< as a line has it that escapes no more than it must, closing quote included
    std::string prefix;  ///< as the document has it after other keys: `,"index_original":`
    std::string output;  ///< its name there
    short_prefix match_begin;
    key_role role = key_role::mapped;
    conversion convert = conversion::none;
    bool is_simple = false;       ///< a value goes into its slot as it is, unless it is an object or list…
    bool makes_numbers = false;   ///< …or, which is_simple does not say, a text
    bool is_foreign = false;      ///< its name there would be taken for something else
    bool is_scalar = false;       ///< an object is none of its values
    bool is_optional = false;     ///< finding it says nothing of the line
    bool opens = false;           ///< where its value is an object, that is looked into…
    bool is_transparent = false;  ///< …and its members count as the line's own
    std::size_t slot = no_slot;   ///< where its value goes; keys that mean the same have one
    std::size_t rank = 0;         ///< among those: the lowest wins

    static constexpr std::size_t no_slot = static_cast<std::size_t>(-1);
};

/// A field that may be put together.
struct joined_field {
    std::size_t slot = 0;
    std::vector<std::size_t> parts;  ///< slots
};

/// A text of the line that is several values.
struct split_text {
    std::size_t slot = 0;
    bool is_field = false;  ///< the whole text is in the document anyway
    std::string by;
    std::vector<std::size_t> into;  ///< of plan::keys(), for each part; or plan::none
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
        skip,        ///< where the line has no optional field: the `index` steps after it
    };
    /// A stretch that changes with the document's time only.
    struct time_part {
        field_source what = field_source::constant;  ///< constant, time or time_millis
        std::string bytes;                           ///< what comes before it; of a constant, all
    };

    kind what = kind::text;
    std::string bytes;
    std::size_t index = 0;  ///< of the slot; of `times`, which of them it is; of `skip`, how many
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

    [[nodiscard]] std::size_t slots_count() const noexcept { return slots_count_; }
    [[nodiscard]] std::vector<joined_field> const& joined() const noexcept { return joined_; }
    [[nodiscard]] std::vector<split_text> const& splits() const noexcept { return splits_; }
    [[nodiscard]] std::size_t time_slot() const noexcept { return time_slot_; }      ///< or none
    [[nodiscard]] std::size_t within_slot() const noexcept { return within_slot_; }  ///< or none

    /// The document from after its first `{` to the line's other keys.
    [[nodiscard]] std::vector<plan_step> const& steps() const noexcept { return steps_; }
    [[nodiscard]] std::size_t times_count() const noexcept { return times_count_; }
    /// What stands around the line's other keys: `,"labels":{` and `}`, or nothing.
    [[nodiscard]] std::string const& rest_open() const noexcept { return rest_open_; }

    /// The longest document of a line is this, its values and its other keys.
    [[nodiscard]] std::size_t document_bytes_extra() const noexcept { return document_bytes_extra_; }

  private:
    void add_keys(mapping const& table);
    void add_field_keys(mapping const& table);
    void add_splits(mapping const& table);
    void add_key(std::string const& text, key_role role);
    /// Under these keys, which are the line's other ones if they have no role yet, is what goes into one slot.
    [[nodiscard]] std::size_t add_slot(std::vector<std::string> const& keys, known_key const& like,
                                       conversion of_first);
    void open_object(std::string const& text, key_role role);
    void index_keys();
    void add_steps(mapping const& table);
    void add_step(mapped_field const& field, std::string_view name);
    void add_text(std::string_view bytes);
    /// A new step; what comes before it is after the last one, or a separate step.
    plan_step& begin_step(plan_step::kind what);
    plan_step& times_step();
    /// Most lines have none of the optional fields that stand together.
    void skip_optional_fields();
    void measure();

    std::string clash_suffix_;
    std::vector<std::string> own_names_;  ///< at the document's top level
    std::vector<known_key> keys_;
    std::array<std::vector<std::uint16_t>, 256> buckets_;  ///< of keys_, by bucket_of(); most are empty
    std::size_t slots_count_ = 0;
    std::vector<joined_field> joined_;
    std::vector<split_text> splits_;
    std::size_t time_slot_ = none;
    std::size_t within_slot_ = none;
    std::vector<plan_step> steps_;
    std::size_t times_count_ = 0;
    std::string rest_open_;
    std::size_t document_bytes_extra_ = 0;
};

/// A name of the line's that OpenSearch would take for something else: a dot for an object, which may be a field of the
/// document, and names with _ in front for its own.
[[nodiscard]] bool is_foreign(std::string_view name) noexcept;
/// A member's name in a document, with the comma before it: `,"a":`
[[nodiscard]] std::string member_begin(std::string_view name);
/// "a.b.c" as its names.
[[nodiscard]] std::vector<std::string_view> names_in(std::string_view path);

}  // namespace logpipe::formats
