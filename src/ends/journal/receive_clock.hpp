// The times that a topic gives its events: when they were received, which never goes back within it.
#pragma once

#include "core/jump_watch.hpp"
#include "environment.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace logpipe::journal {

/// One thread at a time.
class receive_clock final {
  public:
    receive_clock(std::string name, environment const& world);

    /// Nothing is received before this.
    void not_before(std::int64_t newest_ns) noexcept;
    /// The time of day, but never less than before.
    [[nodiscard]] std::int64_t now();
    /// What was received before this is older than `age_ns`; none while the clock cannot be trusted with ages.
    [[nodiscard]] std::optional<std::int64_t> older_than(std::int64_t age_ns);
    [[nodiscard]] std::uint64_t jumps() const noexcept { return watch_.jumps(); }

  private:
    static constexpr std::int64_t worth_saying_ns = 1'000'000'000;

    std::string const name_;
    jump_watch watch_;
    std::int64_t newest_ns_ = 0;
    bool is_behind_ = false;
};

}  // namespace logpipe::journal
