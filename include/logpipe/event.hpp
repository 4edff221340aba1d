// What moves through logpipe: events, packed into batches. Threads hand over whole batches; the buffers
// of a finished batch go back to its source, so that nothing is allocated per event.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace logpipe {

/// 128 bits that stay with an event from where it enters to the document's id. The first 96 bits name the
/// chunk it came in, the last 32 its place in that chunk, so neighbours share a prefix. All zero: no id yet.
struct event_id {
    std::uint64_t high = 0;
    std::uint64_t low = 0;

    static constexpr std::size_t text_bytes = 26;

    friend constexpr auto operator<=>(event_id const&, event_id const&) = default;

    [[nodiscard]] constexpr explicit operator bool() const noexcept { return (high | low) != 0; }
    [[nodiscard]] constexpr std::uint32_t index() const noexcept { return static_cast<std::uint32_t>(low); }
    /// The same chunk's event at another place; `at(0)` names the chunk itself.
    [[nodiscard]] constexpr event_id at(std::uint32_t index) const noexcept {
        return {.high = high, .low = (low & 0xffff'ffff'0000'0000U) | index};
    }

    /// Writes 26 characters of base32hex (RFC 4648 section 7, lower case), which sort as the bits do.
    void write_text(char* out) const noexcept;
    [[nodiscard]] std::string text() const;
    [[nodiscard]] static std::optional<event_id> parse(std::string_view text) noexcept;
};

/// One row of a batch. Times are nanoseconds since the Unix epoch; 0 means that it is not known.
struct event {
    event_id id;
    std::int64_t time_ns = 0;      ///< as the client said
    std::int64_t received_ns = 0;  ///< when the first durable place took it (journal, Kafka)
    std::uint64_t offset = 0;      ///< in the source's partition
    std::uint32_t record_begin = 0;
    std::uint32_t record_bytes = 0;
    std::uint32_t document_begin = 0;
    std::uint32_t document_bytes = 0;
    std::uint32_t tag = 0;  ///< index into `batch::tags`
    bool rejected = false;  ///< stages skip it; the reason is in `batch::rejections`
};

/// Why an event goes to the dead letters instead of onwards.
struct rejection {
    std::uint32_t event = 0;    ///< index into `batch::events`
    std::string stage;          ///< who refused it: "forward", "normalize", "sqlite", …
    std::string reason;         ///< one line for people
    std::uint32_t entries = 0;  ///< above 0: the event stands for so many, see dead_letter::entries
};

/// What became of the events of a batch, or of many: the terms of the ledger.
struct event_counts {
    std::uint64_t in = 0;
    std::uint64_t indexed = 0;     ///< newly stored by the sink
    std::uint64_t duplicates = 0;  ///< met their own id there
    std::uint64_t dead = 0;        ///< durable in the dead letters
    std::uint64_t dropped = 0;     ///< left out by a rule of the mapping
    /// Safe at another route than the one that this account follows. Only a listener has routes, and it keeps no
    /// figures: no durable position has this one.
    std::uint64_t routed = 0;

    /// All of `in` that is not on its way any more.
    [[nodiscard]] std::uint64_t done() const noexcept { return indexed + duplicates + dead + dropped + routed; }
    event_counts& operator+=(event_counts const& other) noexcept;
    friend bool operator==(event_counts const&, event_counts const&) = default;
};

/// Events of one partition of a source, in its order. `records` holds the JSON text of all of them as they came,
/// `documents` what the transform made of them. A source fills it; a sink gives it back when it is safe.
struct batch {
    static constexpr std::size_t bytes_target = 1U << 18U;   ///< a source stops adding above this…
    static constexpr std::size_t events_target = 1U << 11U;  ///< …or this; a chunk is never split for it

    std::uint32_t partition = 0;
    std::uint64_t end_offset = 0;  ///< the partition's position after this batch
    bool transformed = false;      ///< `documents` is what goes onwards
    std::uint64_t sequence = 0;    ///< the pump's
    std::vector<std::string> tags;
    std::vector<event> events;
    std::string records;
    std::string documents;
    std::vector<rejection> rejections;
    event_counts counts;              ///< `in` by the pump, `dropped` by the transform, the rest by the sink
    std::size_t in_flight_bytes = 0;  ///< the pump's: what it counts for this batch, 0 once it is taken
    std::string origin;               ///< where it was read, for people: "journal nginx-logs"

    [[nodiscard]] bool empty() const noexcept { return events.empty(); }
    [[nodiscard]] bool full() const noexcept {
        return records.size() >= bytes_target || events.size() >= events_target;
    }
    [[nodiscard]] std::size_t bytes() const noexcept;  ///< memory it takes, for bounds
    /// What of it is in use, rows included: a million records may be 2 MB.
    [[nodiscard]] std::size_t used_bytes() const noexcept;

    [[nodiscard]] std::string_view record(event const& row) const noexcept {
        return {records.data() + row.record_begin, row.record_bytes};  // substr() is a call and a check, for each event
    }
    /// What the next stage writes: the document once transformed, the record before.
    [[nodiscard]] std::string_view payload(event const& row) const noexcept {
        return transformed ? std::string_view{documents.data() + row.document_begin, row.document_bytes} : record(row);
    }
    /// The index of `tag` in `tags`, added where it is new. Cheap when it is the last one used.
    [[nodiscard]] std::uint32_t tag_index(std::string_view tag);
    /// Adds an event with a copy of `record`.
    event& append(std::uint32_t tag, event_id id, std::int64_t time_ns, std::string_view record);
    void reject(std::uint32_t event, std::string_view stage, std::string reason);
    /// A part of this batch that holds only that event, with copies of its bytes. The event stays here as well until
    /// drop() takes it out.
    [[nodiscard]] batch copy_of(std::uint32_t event) const;
    /// Takes events out. @param gone  their indices, ascending
    void drop(std::span<std::uint32_t const> gone);
    /// Empty again, with all capacity kept.
    void clear() noexcept;
};

/// Where a chunk begins in a batch: at a new chunk id, a new tag, or a place that does not follow in the same chunk.
/// Events without an id belong together while their tag is the same.
/// @return one past the last event of the chunk that begins at `begin`.
[[nodiscard]] std::size_t chunk_end(std::span<event const> events, std::size_t begin) noexcept;

}  // namespace logpipe
