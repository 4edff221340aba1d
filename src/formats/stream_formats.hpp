// Which format the lines of each stream have.
#pragma once

#include "core/mutex.hpp"

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace logpipe::formats {

/// One thread; note() from any.
class stream_formats final {
  public:
    static constexpr std::size_t streams_max = 1000;  ///< of more, each line is guessed separately
    static constexpr std::size_t undecided = static_cast<std::size_t>(-1);

    void begin(std::string_view stream);
    [[nodiscard]] std::size_t chosen() const noexcept { return *chosen_; }
    /// For all lines of the stream that follow; it is logged.
    void choose(std::size_t format, std::string_view name);
    /// For people: "access.log: combined, app.follow: main".
    [[nodiscard]] std::string note() const;

  private:
    std::map<std::string, std::size_t, std::less<>> streams_;
    std::string name_;  ///< of the stream at hand
    std::size_t other_ = undecided;
    std::size_t* chosen_ = &other_;
    mutable mutex mutex_;
    std::vector<std::string> notes_ LOGPIPE_GUARDED_BY(mutex_);
};

}  // namespace logpipe::formats
