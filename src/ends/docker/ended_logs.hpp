// Which containers' logs keep ending. Each is read on from where it was, so nothing is lost by an end; but a log that
// never stays open would otherwise look like one that is well.
#pragma once

#include "logpipe/stage.hpp"

#include "core/mutex.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace logpipe::docker {

/// Any thread.
class ended_logs final {
  public:
    /// So often in a row is not an accident.
    static constexpr std::uint64_t count_min = 3;
    /// A log that stays open for so long has recovered.
    static constexpr std::chrono::minutes recovery_time{1};

    /// A log that was followed since `begun` has ended, and its container has not.
    /// @return how often that happened in a row.
    std::uint64_t ended(std::string const& id, std::string_view name, std::string_view reason, steady_time begun,
                        steady_time now);
    /// Its container is not followed any more.
    void forget(std::string const& id);
    /// Adds the metric `containers_degraded`, and where it is not 0 a note to a stage that is up.
    void describe(stage_status& into, steady_time now) const;

  private:
    struct row {
        std::uint64_t count = 0;
        steady_time last;
        std::string name;
        std::string reason;
    };

    mutable mutex mutex_;
    std::map<std::string, row> rows_ LOGPIPE_GUARDED_BY(mutex_);  // by the container's id
};

}  // namespace logpipe::docker
