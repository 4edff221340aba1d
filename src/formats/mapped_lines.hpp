// The transform: what was found in each line becomes a document.
#pragma once

#include "document_policy.hpp"
#include "document_writer.hpp"
#include "formats/metrics.hpp"
#include "formats/normalize.hpp"
#include "line_mapper.hpp"
#include "line_reader.hpp"
#include "line_time.hpp"
#include "plan.hpp"

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
    static_assert(time_reader::text_bytes_max <= document_writer::block_bytes, "a time is read as a block");

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
    [[nodiscard]] bool is_short_enough(std::string_view line);
    [[nodiscard]] bool find_time(event const& row);
    [[nodiscard]] bool find_time_in_line();
    [[nodiscard]] bool is_time_dropped() const noexcept;
    [[nodiscard]] bool pass_policy(event_id id, std::string& documents, std::size_t begin);
    void drop_from(batch& events);
    void count(std::string_view line, tally& counts);
    void warn_of(std::string_view line);
    void write(event_id id, std::string_view line, std::string& out);
    void write_steps(event_id id, document_writer& to);
    void write_rest(document_writer& to) const;

    normalize_options options_;
    document_policy policy_;
    bool const has_policy_ = policy_.is_needed();
    plan plan_;
    line_mapper mapper_;

    // Of the line at hand.
    std::int64_t time_ns_ = 0;            ///< 0: not known; the document is then without a time, as nothing is invented
    std::string reason_;                  ///< it is rejected
    std::vector<std::uint32_t> dropped_;  ///< of the batch at hand

    time_reader time_of_line_;
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
