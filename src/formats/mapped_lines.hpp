// The transform: a reader gives the members of a line, the plan says what becomes of each.
#pragma once

#include "document_writer.hpp"
#include "formats/metrics.hpp"
#include "formats/normalize.hpp"
#include "line_fields.hpp"
#include "line_reader.hpp"
#include "made_texts.hpp"
#include "plan.hpp"
#include "repairs.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace logpipe::formats {

/// One line after the other; owned by the pump's transform thread, only status() comes from elsewhere.
class mapped_lines final : public transform {
  public:
    explicit mapped_lines(normalize_options options);

    void apply(batch& events) override;
    [[nodiscard]] stage_status status() const override;

  private:
    static_assert(plan::match_bytes_max <= line_reader::padding_bytes, "a key is compared without a look ahead");
    static_assert(document_writer::block_bytes <= line_reader::padding_bytes, "a value is copied in blocks");

    /// What of a document changes with its time only: lines that follow one another mostly share it.
    struct written_times {
        bool is_written = false;
        std::int64_t time_ns = 0;
        std::string bytes;  ///< with capacity for a block after it
    };
    /// Of one batch.
    struct tally {
        std::uint64_t documents = 0;
        std::uint64_t rejected = 0;
        std::uint64_t raw = 0;
        std::uint64_t without_fields = 0;
        std::uint64_t repaired = 0;
        std::uint64_t unwrapped = 0;
    };

    // Those that return false have set reason_.
    [[nodiscard]] bool read(std::string_view line, std::string_view stream);
    [[nodiscard]] bool read_with(line_reader& reader, std::string_view line);
    [[nodiscard]] bool take(line_reader const& reader, char const* key, std::string_view value);
    [[nodiscard]] bool take_known(std::size_t index, std::string_view value);
    /// Of several names of one thing, the best wins, and the others are among the line's other keys.
    [[nodiscard]] bool fill(std::size_t index, std::string_view value, bool is_nested);
    [[nodiscard]] bool take_members(std::string const& path, std::string_view object);
    [[nodiscard]] bool add_to_rest(std::string_view name, std::string_view raw_name, std::string_view value);
    [[nodiscard]] bool add_key_to_rest(known_key const& key, std::string_view value);
    [[nodiscard]] std::size_t known(line_reader const& reader, char const* key);
    [[nodiscard]] std::string_view converted(conversion to, std::string_view value);
    [[nodiscard]] bool join_parts();
    void unwrap(std::string_view stream);
    [[nodiscard]] bool merge_wrapper(line_fields const& wrapper);
    [[nodiscard]] bool find_time(event const& row);
    [[nodiscard]] bool find_time_in_line();
    void count(std::string_view line, tally& counts);
    void warn_of(std::string_view line);
    void write(event_id id, std::string& out);
    void write_steps(event_id id, document_writer& to);
    void write_rest(document_writer& to) const;
    [[nodiscard]] repair repairs_of_line() const noexcept;
    [[nodiscard]] std::size_t values_bytes() const noexcept;
    [[nodiscard]] std::string_view times_of(plan_step const& step);

    normalize_options options_;
    plan plan_;
    line_reader reader_;
    line_reader inner_reader_;  ///< of a line within another

    // Of the line at hand.
    line_fields fields_;
    line_fields wrapper_;     ///< around it
    std::string inner_line_;  ///< with the readable bytes after it
    made_texts made_;         ///< values and names that are not in the line
    bool is_unwrapped_ = false;
    std::int64_t time_ns_ = 0;  ///< 0: not known; the document is then without a time, as nothing is invented
    std::string reason_;        ///< it is rejected
    std::size_t previous_ = 0;  ///< known key seen last; keys().size() before the first

    /// The known key that came after each one (and first, at the end) in the last line: lines mostly repeat it.
    std::vector<std::size_t> next_;

    std::string read_time_;          ///< value of the time's key that was understood last…
    std::int64_t read_time_ns_ = 0;  ///< …and what it means
    std::vector<written_times> times_;

    std::atomic<std::uint64_t> documents_{0};
    std::atomic<std::uint64_t> rejected_{0};
    std::atomic<std::uint64_t> raw_{0};
    std::atomic<std::uint64_t> without_fields_{0};
    std::atomic<std::uint64_t> repaired_{0};
    std::atomic<std::uint64_t> unwrapped_{0};

    // A warning with an example comes once a minute.
    std::uint64_t unsaid_ = 0;  ///< lines without fields since the last one
    steady_time next_warning_{};
};

}  // namespace logpipe::formats
