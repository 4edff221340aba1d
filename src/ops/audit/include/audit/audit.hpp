// The audit: is every event somewhere, and where does a group read on. One thread.
#pragma once

#include "audit/letters.hpp"
#include "audit/trace.hpp"
#include "opensearch/opensearch.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace logpipe::audit {

enum class endpoint_kind : std::uint8_t { input, dead_letters, store };
struct endpoint_facts {
    std::uint64_t total = 0;          ///< that ever were there, as offsets tell; of a store, that are
    std::uint64_t visible = 0;        ///< that can be read
    std::uint64_t in_flight = 0;      ///< after the position of its reader
    std::vector<std::string> unseen;  ///< ranges that are gone, for people
    passed_offsets passed{};          ///< without an event, as the reader that is furthest back has counted them
    std::uint64_t dropped = 0;        ///< by a rule of the mapping, as that reader has counted them
};
/// The offsets of an input before that group's position that hold no event, and what they are.
struct offset_account {
    std::uint64_t tombstones = 0;   ///< as counted by the group, else as seen
    std::uint64_t gaps = 0;         ///< as counted by the group, else as seen
    std::uint64_t aborted = 0;      ///< messages that only who reads uncommitted ones sees
    std::uint64_t unwritten = 0;    ///< nobody sees a message: transaction markers, compaction
    std::uint64_t unexplained = 0;  ///< the group has passed over them, and messages are there
};
/// Where events are: a topic, dead letters, a store.
class audited_endpoint {
  public:
    virtual ~audited_endpoint() = default;
    [[nodiscard]] virtual std::string const& name() const = 0;
    [[nodiscard]] virtual endpoint_kind kind() const = 0;
    /// Takes down the positions: what is after them then is in flight.
    [[nodiscard]] virtual result<endpoint_facts> snapshot() = 0;
    struct sighting {
        event_id id;
        bool is_in_flight = false;
        std::uint64_t letter = 0;  ///< of dead letters: time_ms * 2, and 1 more for a tombstone; the largest decides
    };
    /// Everything that is there now. After snapshot().
    [[nodiscard]] virtual result<> scan(std::function<result<>(sighting const&)> const& each) = 0;
    /// Tells what holds no event, and reads what it must for that. After snapshot().
    [[nodiscard]] virtual result<offset_account> explain() { return offset_account{}; }
    /// Adds what is here of the events that `search` wants. After snapshot().
    [[nodiscard]] virtual result<> trace(trace_search& /*search*/) { return {}; }
};
/// The same cluster, whose messages are seen uncommitted too. Asked only where a topic has gaps.
using uncommitted_reads = std::function<result<kafka::kafka_admin*>()>;
/// @param groups  who reads it; what is after the last of their positions is in flight
[[nodiscard]] std::unique_ptr<audited_endpoint> audit_kafka(kafka::kafka_admin& cluster, uncommitted_reads uncommitted,
                                                            std::string topic, std::vector<std::string> groups);
[[nodiscard]] std::unique_ptr<audited_endpoint> audit_journal(std::string folder);
[[nodiscard]] std::unique_ptr<audited_endpoint> audit_letters(std::string name, std::unique_ptr<letter_topic> letters);
[[nodiscard]] std::unique_ptr<audited_endpoint> audit_opensearch(opensearch::opensearch_admin& cluster,
                                                                 std::string index);
[[nodiscard]] std::unique_ptr<audited_endpoint> audit_sqlite(std::string path);

struct audit_options {
    std::size_t memory_bytes = std::size_t{64} << 20U;  ///< of ids held at a time; the others wait in a temporary file
    std::size_t named_max = 20;                         ///< ids that the report names of each kind
    bool accept_expired = false;                        ///< what expired before it was read is known, and no failure
};
struct audited_id {
    event_id id;
    std::string endpoint;  ///< where it was seen
};
struct audit_finding {
    std::uint64_t events = 0;
    std::vector<audited_id> first;  ///< at most `named_max`, by id
};
struct audit_report {
    struct endpoint {
        std::string name;
        endpoint_kind kind = endpoint_kind::input;
        endpoint_facts facts;
        offset_account offsets{};  ///< of an input, where it was searched for
        std::uint64_t ids = 0;     ///< different ones, of letters those that are not resolved; 0 by counts
        std::uint64_t repeats =
            0;  ///< sightings more than that; an input may hold some, they are recognised by their ids
    };
    std::vector<endpoint> endpoints;
    bool by_ids = false;
    std::uint64_t ids = 0;  ///< different ones in all inputs
    std::uint64_t in_flight = 0;
    std::uint64_t dropped = 0;  ///< by rules, as the readers have counted them
    /// In an input, and neither in a store nor a dead letter nor in flight. All are accounted for where rules dropped
    /// as many; which ones those are is not written down.
    audit_finding missing;
    audit_finding doubled;                 ///< in a store twice, or in a store and among the dead letters
    audit_finding strange;                 ///< in a store, and not in an input all of which can be read
    std::vector<std::string> differences;  ///< by counts: what does not come out, a line each
    bool accepts_expired = false;

    [[nodiscard]] std::uint64_t expired() const noexcept;      ///< offsets of all inputs, before they were read
    [[nodiscard]] std::uint64_t unexplained() const noexcept;  ///< gaps of all inputs
};
/// Inputs in the order of the data, each followed by its dead letters; then the store.
using audited_endpoints = std::span<std::unique_ptr<audited_endpoint> const>;
/// Exact, in bounded memory: ids are sorted outside where there are too many.
[[nodiscard]] result<audit_report> audit_by_ids(audited_endpoints endpoints, audit_options const& options);
/// Quick: of each input, total = store + dead letters and dropped ones from there on + in flight + tombstones + gaps +
/// expired. Reads an input only where that does not come out by the groups' counts, or where they have gaps.
[[nodiscard]] result<audit_report> audit_by_counts(audited_endpoints endpoints, audit_options const& options);
[[nodiscard]] bool all_accounted_for(audit_report const& report) noexcept;
[[nodiscard]] std::string to_text(audit_report const& report);
[[nodiscard]] std::string to_json(audit_report const& report);

/// Where a group is to read on: "beginning", "end", an RFC 3339 time, or PARTITION:OFFSET.
struct group_move {
    std::int32_t partition = 0;
    std::int64_t from = -1;  ///< -1: it had no position
    std::int64_t to = 0;
    std::int64_t events = 0;  ///< that come again; negative: that are left out
};
/// @return errc::invalid_argument for a text that is none of these, or an offset that is not there.
[[nodiscard]] result<std::vector<group_move>> plan_replay(kafka::kafka_admin& cluster, std::string const& topic,
                                                          std::string const& group, std::string_view to);
/// @return errc::busy, with the members named, while the group has any.
[[nodiscard]] result<> replay(kafka::kafka_admin& cluster, std::string const& topic, std::string const& group,
                              std::span<group_move const> moves);

}  // namespace logpipe::audit
