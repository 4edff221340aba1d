// Which of several servers the next request goes to: those that are up take turns, and one that is down is tried again
// after waits that double. No I/O, and no clock: times are given in.
#pragma once

#include "core/backoff.hpp"
#include "core/mutex.hpp"
#include "logpipe/metric.hpp"
#include "logpipe/stage.hpp"
#include "logpipe/stage_status.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace logpipe::net {

inline constexpr auto hosts_up = gauge("hosts_up", "Servers of the sink's URI that can be used.");
inline constexpr auto hosts_down =
    gauge("hosts_down", "Servers of the sink's URI that failed last; each is tried again with back-off.");

/// Each host begins as up. Of a single one nothing is logged: what fails then is the stage. Any thread.
class host_list final {
  public:
    /// A host that is gone may cost a whole connect timeout each time, so it is tried less often as time goes on.
    static constexpr backoff_options usual_waits{.first = std::chrono::seconds{1}, .longest = std::chrono::minutes{1}};

    /// @param stage  for the log: "opensearch_sink"
    /// @param first  whose turn is first, modulo their number
    host_list(std::string_view stage, std::vector<std::string> names, std::size_t first = 0,
              backoff_options waits = usual_waits);

    /// Whom to send to now: one that is down and due, for one caller alone; else the next that is up; where none is,
    /// the one whose wait ends first. Then responded() or failed() is called for it.
    [[nodiscard]] std::size_t next(steady_time now);
    /// It is up, whatever it said.
    void responded(std::size_t host, steady_time now);
    /// @param reason  one line that names the host. @return whether another one is up
    bool failed(std::size_t host, std::string_view reason, steady_time now);

    [[nodiscard]] std::size_t count() const { return names_.size(); }
    /// Adds the gauges, and to a stage that is up what is down.
    void describe(stage_status& into) const;

  private:
    struct state {
        backoff wait;
        std::optional<steady_time> down_since{};
        steady_time due{};    // while it is down
        bool trying = false;  // by one caller
        std::string reason{};
    };

    [[nodiscard]] std::size_t down_count() const LOGPIPE_REQUIRES(mutex_);

    std::string const stage_;
    std::vector<std::string> const names_;
    mutable mutex mutex_;
    std::vector<state> hosts_ LOGPIPE_GUARDED_BY(mutex_);
    std::size_t turn_ LOGPIPE_GUARDED_BY(mutex_);
};

}  // namespace logpipe::net
