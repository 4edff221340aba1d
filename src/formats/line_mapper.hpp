// A reader gives the members of a line, the plan says what each is.
#pragma once

#include "formats/normalize.hpp"
#include "line_fields.hpp"
#include "line_reader.hpp"
#include "made_texts.hpp"
#include "plan.hpp"
#include "pod_tag.hpp"
#include "repairs.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace logpipe::formats {

/// Of one line after the other. One thread; note() from any.
class line_mapper final {
  public:
    /// Both outlive it.
    line_mapper(plan const& mapping, normalize_options const& options);

    /// The lines that follow are of this stream, for which a format is chosen.
    void begin_stream(std::string_view name) {
        reader_.begin_stream(name);
        has_inner_stream_ = false;
        pod_ = pod_of_tag(name);
    }
    /// @param line  with line_reader::padding_bytes readable bytes after it
    /// @return false, with the reason, where it is rejected
    [[nodiscard]] bool read(std::string_view line, std::string_view stream, std::string& reason);

    // Of the last line, until the next one.
    [[nodiscard]] line_fields const& fields() const noexcept { return fields_; }
    [[nodiscard]] repair repairs() const noexcept {
        return is_unwrapped_ ? reader_.repairs() | inner_reader_.repairs() : reader_.repairs();
    }
    /// The most that all values, and the keys that no field is made of, take in the document of this line.
    [[nodiscard]] std::size_t values_bytes(std::string_view line) const noexcept {
        bool const is_of_line = reader_.is_as_written() && made_.empty() && fields_.extras.all().empty();
        return is_of_line && !is_unwrapped_ ? line.size() : summed_bytes();
    }
    [[nodiscard]] bool is_raw() const noexcept { return reader_.is_raw(); }
    /// Whether it was within another.
    [[nodiscard]] bool is_unwrapped() const noexcept { return is_unwrapped_; }
    /// For people: the formats that were chosen.
    [[nodiscard]] std::string note() const;

  private:
    [[nodiscard]] std::size_t summed_bytes() const noexcept;
    // Those that return false have set the reason.
    [[nodiscard]] bool read_with(line_reader& reader, std::string_view line);
    [[nodiscard]] bool take(line_reader const& reader, char const* key, std::string_view value);
    [[nodiscard]] bool take_known(std::size_t index, std::string_view value);
    /// Of several names of one thing, the best wins, and the others are among the line's other keys.
    [[nodiscard]] bool fill(std::size_t index, std::string_view value, bool is_nested);
    [[nodiscard]] bool take_members(std::string const& path, std::string_view object);
    [[nodiscard]] bool add_to_rest(std::string_view name, std::string_view raw_name, std::string_view value);
    /// With another name than in the line.
    [[nodiscard]] bool add_renamed(std::string name, std::string_view value);
    [[nodiscard]] bool add_key_to_rest(known_key const& key, std::string_view value);
    [[nodiscard]] std::size_t known(line_reader const& reader, char const* key);
    [[nodiscard]] std::size_t search(line_reader const& reader, char const* key);
    [[nodiscard]] std::string_view converted(conversion to, std::string_view value);
    [[nodiscard]] bool split_texts();
    [[nodiscard]] bool split(split_text const& what, std::string_view value);
    [[nodiscard]] bool join_parts();
    void unwrap(std::string_view stream);
    void begin_inner_stream(std::string_view stream);
    [[nodiscard]] bool merge_wrapper(line_fields const& wrapper);
    [[nodiscard]] bool add_pod();

    plan const& plan_;
    mapping const& table_;
    line_reader reader_;
    line_reader inner_reader_;       ///< of a line within another…
    bool has_inner_stream_ = false;  ///< …which knows of which stream it is…
    std::string inner_source_;       ///< …and of which of its sources
    std::string pod_;                ///< that the lines of the stream are of; empty: of none

    line_fields fields_;
    line_fields wrapper_;     ///< around it
    std::string inner_line_;  ///< with the readable bytes after it
    made_texts made_;         ///< values and names that are not in the line
    bool is_unwrapped_ = false;
    std::string* reason_ = nullptr;  ///< the caller's
    std::size_t previous_ = 0;       ///< known key seen last; keys().size() before the first

    /// The known key that came after each one (and first, at the end) in the last line: lines mostly repeat it.
    std::vector<std::size_t> next_;
};

}  // namespace logpipe::formats
