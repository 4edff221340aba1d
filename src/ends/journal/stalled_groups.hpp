// Groups that read no further, whether their reader is paused or gone for good: each keeps the topic's segments.
#pragma once

#include "core/mutex.hpp"
#include "journal/journal.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace logpipe::journal {

class stalled_groups final {
  public:
    static constexpr std::chrono::minutes stalled_after{5};

    explicit stalled_groups(std::string folder) : folder_{std::move(folder)} {}

    /// @param cursors  of all groups, as they are on disk; @param end  offset after the newest event
    /// One thread at a time.
    void observe(std::vector<journal_cursor_info> const& cursors, std::uint64_t end,
                 std::chrono::steady_clock::time_point now);

    // Any thread.
    [[nodiscard]] std::uint64_t count() const noexcept { return count_.load(std::memory_order_relaxed); }
    /// For people: the group that is furthest back; empty where there is none.
    [[nodiscard]] std::string hint() const;

  private:
    struct position {
        std::uint64_t offset = 0;
        std::chrono::steady_clock::time_point since;
    };

    std::string const folder_;
    std::map<std::string, position> positions_;  ///< by group: of those that have not read everything
    std::atomic<std::uint64_t> count_{0};
    mutable mutex mutex_;
    std::string hint_ LOGPIPE_GUARDED_BY(mutex_);
};

}  // namespace logpipe::journal
