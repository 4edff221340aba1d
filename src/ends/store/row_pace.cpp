#include "row_pace.hpp"

#include <algorithm>

namespace logpipe::store {

std::int64_t row_pace::next() noexcept {
    if (done_ > 0) {
        auto const now = clock::now();
        if (now >= end_) return 0;
        // Half of the time that is left: a portion may cost twice as much as those before it.
        auto const passed = std::max(std::chrono::duration<double>(now - begin_).count(), 1e-6);
        auto const left = std::chrono::duration<double>(end_ - now).count();
        auto const affordable = static_cast<double>(done_) * (left / passed) / 2;
        auto const most = next_ * 4;
        next_ =
            affordable >= static_cast<double>(most) ? most : std::max(least_, static_cast<std::int64_t>(affordable));
    }
    done_ += next_;
    return next_;
}

std::optional<row_range> next_portion(row_range counted, row_range rows, std::int64_t most,
                                      std::int64_t counted_max) noexcept {
    if (rows.empty()) return std::nullopt;
    if (!counted.empty() && counted.last < rows.last)
        return row_range{.first = counted.last + 1, .last = std::min(rows.last, counted.last + most)};
    most = std::min(most, counted_max - counted.count());
    auto const end = counted.empty() ? rows.last + 1 : counted.first;
    if (most <= 0 || end <= rows.first) return std::nullopt;
    return row_range{.first = std::max(rows.first, end - most), .last = end - 1};
}

row_range joined(row_range a, row_range b) noexcept {
    if (a.empty()) return b;
    return {.first = std::min(a.first, b.first), .last = std::max(a.last, b.last)};
}

}  // namespace logpipe::store
