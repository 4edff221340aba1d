// Lines become chunks: events whose ids a second run of the same input repeats.
#pragma once

#include "core/chunk_hash.hpp"
#include "lines/line_splitter.hpp"
#include "lines/lines.hpp"
#include "logpipe/event.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace logpipe::lines {

/// A chunk ends with the line that reaches one of these. They are part of what a repeated run repeats: with other
/// values the same input gives other ids.
struct chunk_limits {
    std::size_t bytes = std::size_t{512} << 10U;
    std::size_t lines = 4096;
};

/// Fills one batch at a time with one chunk. Where a chunk ends depends on the bytes alone, never on the pieces they
/// came in or on time; only flush() breaks that. The id is made of tag, run id, byte range and the lines themselves, so
/// an input that changed in between does not pass for the old one. One thread.
class line_chunker final {
  public:
    line_chunker(line_options options, chunk_limits limits, std::string origin);

    /// Leaves out the events before `offset`: the sink has them.
    void seek(std::uint64_t offset) noexcept { first_wanted_ = offset; }

    /// Takes bytes from the front of `input`. @return true when a chunk is complete: call take() before anything else.
    [[nodiscard]] bool add(std::string_view& input);
    /// Ends the chunk with the lines that are complete. @return true when there is one to take.
    [[nodiscard]] bool flush();
    /// Ends the input. @return true when there is a last chunk to take.
    [[nodiscard]] bool finish();
    /// Gives the chunk in exchange for the buffers of `into`.
    void take(batch& into);

    [[nodiscard]] std::uint64_t offset_bytes() const noexcept { return splitter_.offset_bytes(); }
    [[nodiscard]] std::uint64_t empty_lines() const noexcept { return splitter_.empty_lines(); }
    [[nodiscard]] std::uint64_t hole_bytes() const noexcept { return splitter_.hole_bytes(); }
    [[nodiscard]] std::uint64_t cut_lines() const noexcept { return cut_lines_; }
    [[nodiscard]] std::uint64_t lines() const noexcept { return lines_; }

  private:
    void append(input_line const& line);
    [[nodiscard]] bool close();
    [[nodiscard]] event_id make_id();
    void drop_unwanted();

    line_options options_;
    chunk_limits limits_;
    std::string origin_;
    std::int64_t time_ns_;
    line_splitter splitter_;
    chunk_hasher hasher_;
    std::vector<std::uint32_t> line_lengths_;  // scratch of make_id()
    batch chunk_;
    std::uint64_t chunk_begin_bytes_ = 0;
    std::uint64_t lines_ = 0;         // events made so far, so the next one's offset
    std::uint64_t first_wanted_ = 0;  // offset
    std::uint64_t cut_lines_ = 0;
};

}  // namespace logpipe::lines
