// The stage contract: source → transform → sink. Each subcommand is one to a few pumps that move batches between
// them; nothing else moves data. `src/runtime/include/runtime/pump.hpp` has the pump.
#pragma once

#include "logpipe/event.hpp"
#include "logpipe/passed_offsets.hpp"
#include "logpipe/position.hpp"
#include "logpipe/result.hpp"
#include "logpipe/stage_status.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace logpipe {

using steady_time = std::chrono::steady_clock::time_point;

/// Gives batches and learns what is safe. One thread calls everything but wake(), stop() and status().
class source {
  public:
    virtual ~source() = default;

    /// Also called again, with back-off, after read() or commit() failed with not_connected, timed_out or
    /// storage_failed.
    [[nodiscard]] virtual result<> open() = 0;
    /// Names the offsets' space: a store that keeps positions for us keeps them under this name. It changes when
    /// offsets start from 0 again (a journal that was deleted and recreated). Valid after open().
    [[nodiscard]] virtual std::string identity() const = 0;
    /// What the source's own durable position had counted when this source took it up, of what it holds now; none where
    /// it keeps no such figures. It changes while partitions come and go. Any thread, after open().
    [[nodiscard]] virtual std::optional<event_counts> counted() const { return std::nullopt; }
    /// Events that wait in the source: those that read() has not given yet. None where the source cannot know (a
    /// listener), and until it does. It goes on being true while the sink cannot be opened. Any thread, at any time.
    [[nodiscard]] virtual std::optional<std::uint64_t> backlog() const { return std::nullopt; }
    /// How far it is through its input; none where the input has no end, or its size is not known (yet). Any thread.
    [[nodiscard]] virtual std::optional<source_progress> read_progress() const { return std::nullopt; }
    /// What it has passed over, its durable position's share included, of what it holds now. Any thread, after open().
    [[nodiscard]] virtual passed_offsets passed() const { return {}; }
    /// Starts at these positions instead of the source's own: the sink holds better ones. After open(), before read().
    [[nodiscard]] virtual result<> seek(std::span<position const> stored) = 0;
    /// Instead of seek(), where the sink keeps positions and has none of this source: starts with the oldest event.
    [[nodiscard]] virtual result<> seek_oldest() { return {}; }
    /// Fills `into` (given empty) as soon as there is something; still empty at `until` or after wake(), by which
    /// completions end it. @return errc::end_of_input when nothing will ever come any more, also after stop().
    [[nodiscard]] virtual result<> read(batch& into, steady_time until) = 0;
    /// Cumulative for each partition named. Unknown partitions are ignored: they were taken away meanwhile.
    [[nodiscard]] virtual result<> commit(std::span<progress const> safe) = 0;
    /// Take in nothing new; read() gives what was already taken in, then end_of_input. From any thread.
    virtual void stop() = 0;
    /// Makes a waiting read() return, or the next one if none waits. From any thread.
    virtual void wake() = 0;
    [[nodiscard]] virtual stage_status status() const = 0;
};

/// Batch in, documents out. One thread at a time. What it cannot transform it marks with batch::reject(); what a rule
/// leaves out it takes out with batch::drop() and counts as dropped, so that a batch may come to the sink without any
/// event.
class transform {
  public:
    virtual ~transform() = default;
    virtual void apply(batch& events) = 0;
    [[nodiscard]] virtual stage_status status() const = 0;
};

/// Where a sink reports, from any thread, also from within write(), flush() and make_safe(). A batch has two answers:
/// taken (its memory is free) and safe (its position may be committed). For most sinks both come together: done().
class completions {
  public:
    virtual ~completions() = default;
    /// The sink needs no more than the batch's head: its memory may go back to the source, and counts no longer as in
    /// flight. The batch still comes back by done(), once its events are durable; until then only `partition`,
    /// `sequence`, `end_offset` and `counts` of it hold. A batch with rejections of the sink keeps its memory.
    virtual void taken(batch& /*events*/) {}
    /// Every event of `finished` that is not in its `rejections` is durable. The sink has filled in
    /// `counts.indexed` and `counts.already_there`; together with the rejected and dropped ones they make all events.
    virtual void done(batch&& finished) = 0;
    /// Whether a batch may come back in parts, each once, with its own events and their counts: so an event that waits
    /// long does not keep the memory of its whole batch.
    [[nodiscard]] virtual bool takes_parts() const { return false; }
};

/// Makes batches durable. One thread calls everything but cancel() and status(). Every batch it took comes back by
/// done() exactly once (all its parts do), in any order, unless the sink is destroyed first. It retries by itself what
/// can be retried of batches it has taken. It skips events that are already rejected.
class sink {
  public:
    virtual ~sink() = default;

    /// `reports` outlives the sink. Also called again, with back-off, after a call failed.
    [[nodiscard]] virtual result<> open(completions& reports) = 0;
    /// Takes `events` (moved from on success), after waiting for room where too much is in flight.
    /// On failure it is untouched, and is offered again after back-off; errc::rejected sends all of it to the dead
    /// letters, or where the sink has marked some with batch::reject(), those, before the rest is offered again.
    [[nodiscard]] virtual result<> write(batch& events) = 0;
    /// The source is idle, or waits for room: what was written is taken without waiting for more, and is safe soon. A
    /// sink that is synchronous does it before it returns; one that gathers much for a large write may leave it taken,
    /// for as long as its own bound says. On failure it keeps what it holds, for the next flush().
    [[nodiscard]] virtual result<> flush() = 0;
    /// Nothing more will come, or somebody waits: all that was taken becomes safe now, whatever it costs. Otherwise as
    /// flush(), which is enough for a sink that leaves nothing taken.
    [[nodiscard]] virtual result<> make_safe() { return flush(); }
    /// What this sink stores in one transaction with the data of this source (that of all later batches): positions,
    /// and what was counted up to them; none where it stores none. The pump then seeks the source there. After open().
    [[nodiscard]] virtual result<std::optional<std::vector<progress>>> stored(std::string const& source_identity) = 0;
    /// Events that it held when this sink was made, where it keeps what this process alone writes (a journal). Any
    /// thread.
    [[nodiscard]] virtual std::optional<std::uint64_t> held_before() const { return std::nullopt; }
    /// Makes a waiting call return errc::cancelled; what is in flight is given up. From any thread.
    virtual void cancel() = 0;
    [[nodiscard]] virtual stage_status status() const = 0;
};

/// A rejected event with all that is needed to understand it and to try again.
struct dead_letter {
    event_id id;
    std::string stage;
    std::string reason;
    std::string origin;  ///< where it was read: "journal nginx-logs offset 7"
    std::string tag;
    std::int64_t time_ns = 0;        ///< when it was rejected
    std::int64_t event_time_ns = 0;  ///< as the client said
    std::int64_t received_ns = 0;
    std::uint32_t entries = 0;  ///< above 0: of one message; `record` is a pack of them (codec/dead_letter_pack.hpp)
    std::string record;         ///< the original bytes, whatever they are
};

/// Where dead letters go. From any thread, one call at a time.
class dead_letters {
  public:
    virtual ~dead_letters() = default;
    /// Durable when it returns. After a failure the same letters are offered again.
    [[nodiscard]] virtual result<> put(std::span<dead_letter const> letters) = 0;
    /// Makes a waiting put() return errc::cancelled, for good. From any thread, at any time.
    virtual void cancel() {}  // where put() never waits for others there is nothing to do
    [[nodiscard]] virtual stage_status status() const { return {}; }  ///< of their destination; from any thread
};

}  // namespace logpipe
