// How much of its disk a topic may take: as much as its option says, and less where the disk has less. It also keeps
// the topic's reserve.
#pragma once

#include "core/disk_reserve.hpp"
#include "core/environment.hpp"

#include <chrono>
#include <cstdint>
#include <string>

namespace logpipe::journal {

/// One thread at a time.
class disk_limit final {
  public:
    disk_limit(environment world, std::string folder, std::uint64_t bytes_max);

    /// The bytes that the topic may take. The disk is measured every second, and more often while much is written.
    [[nodiscard]] std::uint64_t bytes(std::uint64_t topic_bytes);
    /// Measures the disk now: it turned out to be full.
    void measure(std::uint64_t topic_bytes);
    /// What bytes() returned last.
    [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }
    [[nodiscard]] bool is_reduced() const noexcept { return bytes_ < bytes_max_; }
    [[nodiscard]] disk_reserve const& reserve() const noexcept { return reserve_; }

  private:
    static constexpr std::chrono::seconds measure_interval{1};

    environment const world_;
    std::string const folder_;
    std::uint64_t const bytes_max_;
    disk_reserve reserve_;
    std::uint64_t bytes_;
    std::uint64_t measure_at_bytes_ = 0;  // of the topic
    std::chrono::steady_clock::time_point measured_at_;
};

}  // namespace logpipe::journal
