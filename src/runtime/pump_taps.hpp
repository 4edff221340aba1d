// Where a pump shows its batches to those who look.
#pragma once

#include "core/memory_budget.hpp"
#include "core/mutex.hpp"
#include "runtime/pump.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace logpipe::runtime {

enum class tap_point : std::uint8_t { source, transform, sink };  ///< behind which it looks

/// Any thread may call anything.
class pump_taps final {
  public:
    explicit pump_taps(memory_budget& memory) : memory_{memory} {}

    /// As pump::tap() promises. @param pump  its name
    [[nodiscard]] std::unique_ptr<tap_reader> add(pump_stages const& stages, std::string const& pump,
                                                  std::string_view stage, std::uint64_t sample);

    /// Costs one relaxed load where nobody looks, and never waits.
    void show(tap_point point, batch const& events) {
        if (shared_->watched[index_of(point)].load(std::memory_order_relaxed) != 0) copy(point, events);
    }

  private:
    class buffered_reader;

    struct tap_buffer {
        tap_point point;
        std::string where;
        std::uint64_t sample = 1;
        std::uint64_t until_next = 0;  // events to pass over before the next one is shown
        std::vector<tapped_event> held;
        memory_share memory;  // of their payloads
        tap_counts counts;
    };
    struct shared_state {
        std::array<std::atomic<std::uint32_t>, 3> watched{};
        std::atomic<std::uint64_t> missed = 0;  // by all who look, while one of them had the lock
        mutex access;                           // also to what the buffers hold
        std::vector<tap_buffer*> buffers LOGPIPE_GUARDED_BY(access);
    };

    static constexpr std::size_t index_of(tap_point point) noexcept { return static_cast<std::size_t>(point); }
    void copy(tap_point point, batch const& events);
    static void copy_into(tap_buffer& to, batch const& events);

    memory_budget& memory_;
    // Shared with the readers: a reader may outlive the pump, and the pump any reader.
    std::shared_ptr<shared_state> shared_ = std::make_shared<shared_state>();
};

}  // namespace logpipe::runtime
