// How long things took, as a histogram whose buckets are the same everywhere, so that any two can be added or compared.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace logpipe {

struct latency_histogram {
    static constexpr std::array<double, 18> bounds_seconds{0.001, 0.0025, 0.005, 0.01,  0.025,  0.05,
                                                           0.1,   0.25,   0.5,   1.0,   2.5,    5.0,
                                                           10.0,  30.0,   60.0,  300.0, 1800.0, 3600.0};

    /// How many took at most the bound of the same index, and more than the one before; the last took longer than all.
    std::array<std::uint64_t, bounds_seconds.size() + 1> counts{};
    double sum_seconds = 0.0;

    /// `events` that took so long. What is negative (a clock was set back) counts as no time.
    void add(double seconds, std::uint64_t events) noexcept;
    [[nodiscard]] std::uint64_t count() const noexcept;
    /// The time that this share (0 to 1) did not exceed, taken as spread evenly within its bucket, as PromQL's
    /// histogram_quantile does; the largest bound for what lies above it; 0 where nothing was counted.
    [[nodiscard]] double quantile(double share) const noexcept;
    /// What came since `before`, an earlier look at the same histogram; all of it where that one is not earlier.
    [[nodiscard]] latency_histogram since(latency_histogram const& before) const noexcept;

    friend bool operator==(latency_histogram const&, latency_histogram const&) = default;
};

}  // namespace logpipe
