// How much of its disk a topic may take: as much as its limit says, and less where the disk has less. It also keeps the
// topic's reserve.
#pragma once

#include "core/disk_reserve.hpp"
#include "core/environment.hpp"

#include <chrono>
#include <cstdint>
#include <string>

namespace logpipe::journal {

/// One thread at a time.
class disk_room final {
  public:
    disk_room(environment world, std::string folder, std::uint64_t bytes_max);

    /// The bytes that the topic may take. The disk is looked at every second, and more often while much is written.
    [[nodiscard]] std::uint64_t limit(std::uint64_t topic_bytes);
    /// Looks at the disk now: it turned out to be full.
    void look(std::uint64_t topic_bytes);
    /// What limit() gave last.
    [[nodiscard]] std::uint64_t limit() const noexcept { return limit_; }
    [[nodiscard]] bool is_short() const noexcept { return limit_ < bytes_max_; }
    [[nodiscard]] disk_reserve const& reserve() const noexcept { return reserve_; }

  private:
    static constexpr std::chrono::seconds look_interval{1};

    environment const world_;
    std::string const folder_;
    std::uint64_t const bytes_max_;
    disk_reserve reserve_;
    std::uint64_t limit_;
    std::uint64_t look_again_bytes_ = 0;  // of the topic
    std::chrono::steady_clock::time_point looked_at_;
};

}  // namespace logpipe::journal
