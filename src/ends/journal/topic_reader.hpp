// Reads a topic's events in order, across its segments, up to where it is safe; passes over damage and says so.
#pragma once

#include "core/file.hpp"
#include "logpipe/event.hpp"
#include "segment_reader.hpp"
#include "shared_mark.hpp"
#include "state_file.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace logpipe::journal {

/// One thread.
class topic_reader final {
  public:
    /// @param gaps  gets offsets that hold no event
    topic_reader(file_system& files, std::string folder, std::shared_ptr<shared_mark> gaps);

    void seek(std::uint64_t offset);
    /// Everything before it was given out, or is lost.
    [[nodiscard]] std::uint64_t position() const noexcept { return position_; }
    /// Adds portions of frames below `mark` until `into` is full or none are left.
    [[nodiscard]] result<> read(batch& into, synced_mark const& mark);
    /// Offsets below a mark that held no event, or a damaged one.
    [[nodiscard]] std::uint64_t lost_offsets() const noexcept { return lost_offsets_; }

  private:
    struct open_segment {
        std::unique_ptr<file> from;
        std::unique_ptr<segment_reader> frames;
        std::uint64_t first_offset = 0;
        std::uint64_t end_bytes = 0;
        std::uint64_t end_offset = 0;
        bool in_frame = false;  ///< the last frame has more portions
    };

    [[nodiscard]] result<bool> open_at_position(synced_mark const& mark);
    [[nodiscard]] result<> update_end(synced_mark const& mark);
    [[nodiscard]] result<> skip_to_position();
    [[nodiscard]] result<> read_step(batch& into);
    [[nodiscard]] result<> read_portion(batch& into);
    void lose_until(std::uint64_t offset);

    file_system& files_;
    std::string const folder_;
    std::shared_ptr<shared_mark> const gaps_;
    std::uint64_t position_ = 0;
    std::optional<open_segment> segment_;
    std::string damage_;  // where bytes could not be read since the last good frame
    std::uint64_t lost_offsets_ = 0;
};

}  // namespace logpipe::journal
