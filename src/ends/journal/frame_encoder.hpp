// Turns a batch into frames, one a run: events that follow each other in one chunk, or without ids in one tag. Only
// headers and rows are made here; tags and records stay where they are in the batch.
#pragma once

#include "logpipe/event.hpp"
#include "logpipe/result.hpp"
#include "segment_format.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace logpipe::journal {

/// One thread. Keeps its memory from batch to batch.
class frame_encoder final {
  public:
    /// @param frame_bytes  a frame ends with the event that reaches it. As a rule it is one portion: a reader need not
    /// hold more
    explicit frame_encoder(std::uint64_t frame_bytes = portion_bytes) noexcept : frame_bytes_{frame_bytes} {}

    /// `events` stays as it is until parts() was used. Rejected events are left out; their indices in the chunk stay.
    /// @param received_ns  of events that no durable store received before
    void begin(batch const& events, std::int64_t received_ns);
    /// Makes the next run's frame, without epoch and offset. @return false after the last one;
    /// errc::rejected for a record that is too large for a frame.
    [[nodiscard]] result<bool> next();
    /// As begin() got it.
    [[nodiscard]] std::int64_t received_ns() const noexcept { return received_ns_; }
    /// After next() gave errc::rejected: the event that is too large.
    [[nodiscard]] std::uint32_t index() const noexcept { return static_cast<std::uint32_t>(at_); }
    [[nodiscard]] frame_header const& header() const noexcept { return header_; }
    /// What becomes of the frame that next() made: it is written as the next one, or not at all.
    void keep(std::uint64_t epoch, std::uint64_t first_offset);
    void drop();

    /// The bytes of all frames that were kept.
    [[nodiscard]] std::span<std::string_view const> parts() const noexcept { return parts_; }
    [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }

  private:
    [[nodiscard]] std::size_t run_end(std::size_t begin) const;
    void add_record(event const& row);

    std::uint64_t const frame_bytes_;
    batch const* events_ = nullptr;
    std::int64_t received_ns_ = 0;
    std::size_t at_ = 0;
    frame_header header_;
    std::size_t frame_meta_ = 0;   // where this frame's header is in meta_
    std::size_t frame_parts_ = 0;  // where its parts begin
    std::string meta_;             // headers and rows; reserved ahead, because parts_ points into it
    std::vector<std::string_view> parts_;
    std::uint64_t bytes_ = 0;
};

}  // namespace logpipe::journal
