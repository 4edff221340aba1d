// The pump: source → transform → sink on threads of their own, with bounded queues in between. Nothing else moves data.
#pragma once

#include "logpipe/stage.hpp"
#include "logpipe/status.hpp"
#include "logpipe/tap.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace logpipe::runtime {

struct pump_options {
    std::string name;
    std::size_t queue_batches_max = 8;                         ///< between two stages
    std::size_t queue_bytes_max = std::size_t{16} << 20U;      ///< between two stages
    std::size_t in_flight_bytes_max = std::size_t{64} << 20U;  ///< read and not yet taken; the source waits above it
    std::chrono::milliseconds retry_first{100};
    std::chrono::milliseconds retry_longest{10'000};
    bool source_failure_is_final = false;  ///< a run that ends: the source's own retries were all there are
    bool continues_sink = false;           ///< as hop_spec
};

struct pump_stages {
    std::unique_ptr<source> from;
    std::unique_ptr<transform> change;  ///< may be none
    std::unique_ptr<sink> to;
    dead_letters* dead = nullptr;  ///< outlives the pump; none: a rejected event stops the pump with an error
};

/// Runs from start() to the source's end, or to stop(). Any thread may call anything.
class pump {
  public:
    /// Waits for the threads; calls abandon() first if they still run.
    virtual ~pump() = default;
    virtual void start() = 0;
    /// Orderly: the source takes in nothing new, what it has goes through, then the pump is finished.
    virtual void stop() = 0;
    /// @return true when finished: everything that was taken in is safe, or failure() says why not.
    [[nodiscard]] virtual bool wait_until(steady_time until) = 0;
    /// Gives up what is in flight. It was not acknowledged, so its sender still has it.
    virtual void abandon() = 0;
    [[nodiscard]] virtual std::optional<error> failure() const = 0;
    [[nodiscard]] virtual pump_snapshot snapshot() const = 0;
    /// Every `sample`th event as it leaves that stage; for the pump's own name, as it is safe.
    /// @return none where the pump has no such stage
    [[nodiscard]] virtual std::unique_ptr<tap_reader> tap(std::string_view stage, std::uint64_t sample) = 0;
};

[[nodiscard]] std::unique_ptr<pump> make_pump(pump_stages stages, pump_options options);

}  // namespace logpipe::runtime
