// Lines between the network thread, which adds them, and the pump's thread, which takes them a batch at a time and says
// which are safe. A container is a partition; its offsets count the lines of this run, and what they mean in its log
// stands here until they are committed.
#pragma once

#include "place.hpp"

#include "logpipe/stage.hpp"

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <span>
#include <string>
#include <string_view>

namespace logpipe::docker {

/// Any thread.
class line_inbox final {
  public:
    enum class taken { events, nothing, closed_and_empty };

    /// @param bytes_max  of records that read() has not taken.
    /// @param unsafe_bytes_max  of records that are not committed: docs/internals/container-logs.md.
    line_inbox(std::size_t bytes_max, std::size_t unsafe_bytes_max)
        : bytes_max_{bytes_max}, unsafe_bytes_max_{unsafe_bytes_max} {}

    /// What a positions file said, before the first join().
    void restore(std::map<std::string, container_place> before);
    /// Somebody follows the container, until leave(). @return its partition; a container that was forgotten meanwhile
    /// gets a new one.
    [[nodiscard]] std::uint32_t join(std::string const& id);
    void leave(std::uint32_t partition);
    /// Where to read on: behind the last line that was added.
    [[nodiscard]] container_place place_of(std::uint32_t partition) const;
    /// The engine has them no more, nor those that it did not name: their positions go once all their lines are safe.
    void forget(std::string const& id);
    void keep_only(std::span<std::string const> ids);

    void add(std::uint32_t partition, std::string_view tag, engine_line const& line, std::string_view record);
    /// Where this is false, add() waits to be called until take() or commit() has made room. A container may have as
    /// much that is not committed as is left for the others: one whose lines are not taken leaves room for the rest.
    [[nodiscard]] bool has_room(std::uint32_t partition) const;

    /// The partitions take turns.
    [[nodiscard]] taken take(batch& into, steady_time until, bool& made_room);
    void wake();
    /// No more lines come in.
    void close();

    /// @return whether that changed anything.
    bool commit(std::span<progress const> safe);
    [[nodiscard]] std::map<std::string, container_place> safe_places() const;
    [[nodiscard]] std::uint64_t lines() const;
    [[nodiscard]] std::size_t bytes() const;
    [[nodiscard]] std::size_t unsafe_bytes() const;

  private:
    struct checkpoint {
        std::uint64_t offset = 0;
        container_place place;
        std::size_t bytes = 0;
    };
    struct shelf {
        std::string id;
        batch waiting;
        std::uint64_t next_offset = 0;
        container_place place;  // of the last line added
        container_place safe;
        bool has_safe = false;  // it has a place worth keeping
        std::deque<checkpoint> given;
        std::size_t unsafe_bytes = 0;  // of `waiting` and `given`
        bool followed = false;
        bool gone = false;  // from the engine
    };
    using shelf_map = std::map<std::uint32_t, shelf>;  // by partition
    [[nodiscard]] shelf_map::iterator next_waiting();
    void drop_finished();

    std::size_t const bytes_max_;
    std::size_t const unsafe_bytes_max_;
    mutable std::mutex mutex_;  // guards all below
    std::condition_variable changed_;
    shelf_map shelves_;
    std::uint32_t next_partition_ = 0;
    std::map<std::string, std::uint32_t> partitions_;  // of shelves_, by the container's id
    std::map<std::string, container_place> before_;    // of containers that nobody follows yet
    std::uint32_t turn_ = 0;                           // the partition that was served last
    std::size_t bytes_ = 0;
    std::size_t unsafe_bytes_ = 0;
    std::uint64_t lines_ = 0;
    bool woken_ = false;
    bool closed_ = false;
};

}  // namespace logpipe::docker
