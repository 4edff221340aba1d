// One event's life: everywhere that its id is, in order. One thread.
#pragma once

#include "logpipe/event.hpp"
#include "logpipe/result.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace logpipe::audit {

class audited_endpoint;

enum class step_kind : std::uint8_t { input, letter, resolved, stored };
struct trace_fact {
    std::string_view name;
    std::string value;
    bool is_number = false;
};
/// The event at one place.
struct trace_step {
    step_kind kind = step_kind::input;
    std::string what;                  ///< "in the journal", "retried", …
    std::int64_t time_ns = 0;          ///< 0: not known
    std::vector<trace_fact> facts{};   ///< in the order in which people read them
    std::vector<std::string> waits{};  ///< groups that have not passed it; of an input
    std::int64_t letter_ms = 0;        ///< of dead letters: as letter_entry::time_ms
    std::string endpoint{};            ///< the audit's
    std::size_t endpoint_index = 0;    ///< the audit's
    std::size_t hop = 0;               ///< the audit's: an input and its dead letters have the same one
};

enum class trace_state : std::uint8_t {
    stored,
    dead,
    purged,   ///< its dead letter was resolved, and nothing came of it
    waiting,  ///< a group has not passed it
    doubled,  ///< in a store twice, or in a store and a dead letter
    lost,     ///< passed by all groups, and nowhere
};
struct traced_event {
    event_id id;
    trace_state state = trace_state::lost;
    std::string line;  ///< as its first place has it; empty where that is gone
    std::vector<trace_step> steps;
};
struct trace_report {
    std::vector<traced_event> events;
    std::uint64_t matched = 0;          ///< different ids, also those that are not traced
    bool matched_more = false;          ///< they are more than that
    std::uint64_t dropped = 0;          ///< by rules of the mapping; which events those are is not written down
    std::vector<std::string> unseen{};  ///< ranges that are gone, for people
};

struct trace_query {
    event_id id;             ///< of the event; zero: `text` selects
    std::string text;        ///< a line, or a part of one
    std::size_t events_max;  ///< that are traced
    /// Called now and then while an endpoint is read.
    std::function<void(std::string_view endpoint, std::uint64_t events)> progress;
};

/// What the endpoints are asked, and what they have found.
class trace_search final {
  public:
    explicit trace_search(trace_query const& query);

    void begin(audited_endpoint const& endpoint);
    /// Whether an event that has these bytes is traced.
    [[nodiscard]] bool wants(event_id id, std::string_view record);
    /// Adds a step of an event that it wants. @param record  empty: not known
    void add(event_id id, trace_step step, std::string_view record = {});
    [[nodiscard]] std::vector<event_id> ids() const;
    /// The events with their steps in order, without state.
    [[nodiscard]] trace_report take() &&;

  private:
    [[nodiscard]] traced_event* find(event_id id);

    trace_query const& query_;
    std::array<std::string, 2> const forms_;  // the text, and as it may be when it came within JSON, or as JSON
    std::string endpoint_;
    std::size_t endpoints_ = 0;  // that were begun
    std::size_t hops_ = 0;
    std::uint64_t read_ = 0;
    std::set<event_id> matched_;
    std::map<event_id, std::size_t> index_;  // of report_.events
    trace_report report_;
};

/// @param endpoints  as those of audit_by_ids()
[[nodiscard]] result<trace_report> trace(std::span<std::unique_ptr<audited_endpoint> const> endpoints,
                                         trace_query const& query);
/// Each event that was found is stored once, or a dead letter, or was purged.
[[nodiscard]] bool all_at_their_end(trace_report const& report) noexcept;
[[nodiscard]] std::string to_text(trace_report const& report);
[[nodiscard]] std::string to_json(trace_report const& report);

}  // namespace logpipe::audit
