// A group's cursor while a source reads for it: locked, moved in memory at once and on disk every now and then.
#pragma once

#include "core/environment.hpp"
#include "cursor_file.hpp"

#include <chrono>
#include <memory>
#include <string>

namespace logpipe::journal {

/// One thread.
class group_cursor final {
  public:
    // A move that is not on disk yet is lost by a crash: its events are read twice, and the sink recognises them by
    // their ids. Each write is synced, so not one a commit.
    static constexpr std::chrono::milliseconds store_interval{200};

    group_cursor(environment world, std::string folder, std::string group);

    /// Locks the group and loads its cursor; a group without one begins at `oldest_offset`, which is stored at once, so
    /// that from then on nothing is freed before it was read.
    /// @return errc::busy when another source reads for the group.
    [[nodiscard]] result<> open(std::uint64_t oldest_offset);
    [[nodiscard]] bool is_open() const noexcept { return lock_ != nullptr; }
    [[nodiscard]] cursor const& at() const noexcept { return at_; }

    void move(std::uint64_t offset, event_counts const& counts);
    /// Back to `offset`, with nothing counted.
    void restart(std::uint64_t offset) noexcept { at_ = {.offset = offset, .counts = {}}; }
    /// Moves that were not stored did not happen.
    void undo(cursor const& before) noexcept { at_ = before; }
    /// When moves should be stored; never while there are none.
    [[nodiscard]] std::chrono::steady_clock::time_point due() const noexcept;
    /// A full disk does not stop it.
    [[nodiscard]] result<> store();

  private:
    [[nodiscard]] result<> lock();
    [[nodiscard]] result<> begin(std::uint64_t oldest_offset);

    environment const world_;
    std::string const folder_;
    std::string const group_;
    slot_file stored_in_;
    std::unique_ptr<file> lock_;
    cursor at_;
    cursor stored_;
    std::chrono::steady_clock::time_point stored_at_;
};

}  // namespace logpipe::journal
