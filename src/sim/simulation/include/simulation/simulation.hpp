// A whole pipeline under one seed: clients, two forwarders with journals, Kafka, two indexers, a store and dead
// letters, in virtual time, with faults at any moment. What is real and what is a double: docs/internals/simulation.md.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace logpipe::sim {

/// What must hold whatever happens.
enum class invariant : std::uint8_t {
    none,
    stored,        ///< what was acknowledged is in the store or in the dead letters
    stored_once,   ///< under one id, in one place
    in_its_place,  ///< good events are documents, others are dead letters
    acked_late,    ///< an ack leaves after its events are durable
    ledger,        ///< the difference is 0, of each hop and of each committed position
    position,      ///< only the holder of a partition moves its position, and only on
    not_freed,     ///< a journal keeps what its cursor on disk has not passed
    attempts,      ///< a dead letter knows how often it was tried
    memory,        ///< what is held stays within its bounds
    no_stall,      ///< once faults end, all gets through
    no_failure,    ///< no stage gives up
};
[[nodiscard]] std::string_view name_of(invariant which) noexcept;

struct history_options {
    std::uint64_t seed = 1;
    std::chrono::milliseconds length{0};  ///< in virtual time, until faults end
    bool has_wrong_store = false;         ///< which, while it is slow, says that it has what it loses: for tests
};

/// Something that goes wrong, or that an operator does. Where it strikes follows from `chance`.
struct fault {
    enum class kind : std::uint8_t {
        power_cut,
        kill,
        orderly_stop,
        lost_tail,
        failing_syncs,
        failing_disk,
        full_disk,
        clock_jump,
        cut_connections,
        kafka_away,
        kafka_reports_lost,
        rebalance,
        member_cut_off,
        store_away,
        store_busy,
        store_resets,
        slow_store,
        letters_retried,
        count,
    };

    std::chrono::milliseconds at{0};
    kind what = kind::kill;
    std::uint64_t chance = 0;
};
using fault_list = std::vector<fault>;

/// Those of this history, by time.
[[nodiscard]] fault_list faults_of(history_options const& options);

struct outcome {
    invariant broken = invariant::none;
    std::string words;               ///< what exactly; empty: nothing
    std::vector<std::string> story;  ///< what happened, a line each
    std::uint64_t digest = 0;        ///< differs as soon as two histories do
    std::uint64_t events = 0;        ///< that clients sent
    std::uint64_t faults = 0;        ///< that struck
};
/// The same each time. One thread, and only one history at a time in a thread.
[[nodiscard]] outcome run_history(history_options const& options, fault_list const& faults);

/// Takes out faults without which the same invariant is still broken.
struct short_story {
    outcome end;
    std::size_t runs = 0;  ///< that it took
};
[[nodiscard]] short_story shortened(history_options const& options, fault_list faults, outcome broken);

}  // namespace logpipe::sim
