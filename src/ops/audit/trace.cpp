// What was found of an event, in order, and what follows from it.
#include "audit/trace.hpp"
#include "audit/audit.hpp"

#include "core/json_writer.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace logpipe::audit {

namespace {

constexpr std::size_t matched_max = 100'000;
constexpr std::uint64_t progress_events = 1U << 16U;

/// Without the quotes.
std::string escaped(std::string_view text) {
    std::string json;
    append_json(json, text);
    return json.substr(1, json.size() - 2);
}

/// JSON as the forward protocol's receiver writes it: without spaces between its parts.
std::string compact(std::string_view json) {
    std::string out;
    bool in_text = false;
    for (std::size_t i = 0; i < json.size(); ++i) {
        if (json[i] == '"') in_text = !in_text;
        if (!in_text && (json[i] == ' ' || json[i] == '\t')) continue;
        out += json[i];
        if (in_text && json[i] == '\\' && i + 1 < json.size()) out += json[++i];
    }
    return out;
}

/// What is sent again keeps the time at which it was received first, so it would stand before the dead letter that it
/// came of: it comes after the one that was resolved.
std::vector<trace_step> in_order(std::vector<trace_step> found) {
    std::vector<std::pair<std::int64_t, std::size_t>> order;  // time, index
    std::map<std::size_t, std::size_t> sightings;             // in the input of each hop
    for (std::size_t i = 0; i < found.size(); ++i) {
        auto const& step = found[i];
        auto at = step.time_ns != 0 ? step.time_ns : std::numeric_limits<std::int64_t>::max();
        if (step.kind == step_kind::input) {
            auto resolved_before = sightings[step.hop]++;  // of dead letters, in this hop
            for (auto const& each : found)
                if (each.kind == step_kind::resolved &&
                    (each.hop < step.hop || (each.hop == step.hop && resolved_before > 0 && resolved_before-- > 0)))
                    at = std::max(at, each.time_ns + 1);
        }
        order.emplace_back(at, i);
    }
    std::ranges::sort(order);
    std::vector<trace_step> ordered;
    for (auto const& [at, index] : order) ordered.push_back(std::move(found[index]));
    return ordered;
}

bool has_letter(std::vector<trace_step> const& steps) {
    return std::ranges::any_of(steps, [&](trace_step const& letter) {
        return letter.kind == step_kind::letter && std::ranges::none_of(steps, [&](trace_step const& each) {
                   return each.kind == step_kind::resolved && each.endpoint_index == letter.endpoint_index &&
                          each.letter_ms >= letter.letter_ms;
               });
    });
}

/// The newest dead letter is resolved, and was not sent to an input again as far as anybody can tell.
bool is_purged(std::vector<trace_step> const& steps) {
    auto const last = std::ranges::find(steps.rbegin(), steps.rend(), step_kind::resolved, &trace_step::kind);
    if (last == steps.rend() || last->what == "retried") return false;
    if (last->what == "purged") return true;
    // Kafka's tombstones do not say what for: sent again, it is in an input twice.
    std::set<std::size_t> inputs;
    return std::ranges::all_of(steps, [&](trace_step const& each) {
        return each.kind != step_kind::input || inputs.insert(each.endpoint_index).second;
    });
}

trace_state state_of(std::vector<trace_step> const& steps) {
    auto const stored = std::ranges::count(steps, step_kind::stored, &trace_step::kind);
    bool const dead = has_letter(steps);
    if (stored > 1 || (stored == 1 && dead)) return trace_state::doubled;
    if (stored == 1) return trace_state::stored;
    if (dead) return trace_state::dead;
    if (std::ranges::any_of(steps, [](trace_step const& each) { return !each.waits.empty(); }))
        return trace_state::waiting;
    return is_purged(steps) ? trace_state::purged : trace_state::lost;
}

}  // namespace

trace_search::trace_search(trace_query const& query)
    : query_{query}, forms_{query.text, query.text.starts_with('{') ? compact(query.text) : escaped(query.text)} {}

void trace_search::begin(audited_endpoint const& endpoint) {
    endpoint_ = endpoint.name();
    ++endpoints_;
    if (endpoint.kind() == endpoint_kind::input) ++hops_;
    read_ = 0;
}

bool trace_search::wants(event_id id, std::string_view record) {
    if (++read_ % progress_events == 0 && query_.progress) query_.progress(endpoint_, read_);
    if (query_.id) return id == query_.id;
    if (find(id) != nullptr) return true;
    if (std::ranges::none_of(forms_, [&](std::string const& form) { return record.contains(form); })) return false;
    if (matched_.size() >= matched_max) {
        report_.matched_more = report_.matched_more || !matched_.contains(id);
        return false;
    }
    matched_.insert(id);
    return report_.events.size() < query_.events_max;
}

void trace_search::add(event_id id, trace_step step, std::string_view record) {
    auto* event = find(id);
    if (event == nullptr) {
        index_.emplace(id, report_.events.size());
        event = &report_.events.emplace_back(traced_event{.id = id, .line = {}, .steps = {}});
    }
    if (event->line.empty()) event->line = record;
    step.endpoint = endpoint_;
    step.endpoint_index = endpoints_;
    step.hop = hops_;
    event->steps.push_back(std::move(step));
}

std::vector<event_id> trace_search::ids() const {
    if (query_.id) return {query_.id};
    std::vector<event_id> all;
    for (auto const& each : report_.events) all.push_back(each.id);
    return all;
}

traced_event* trace_search::find(event_id id) {
    auto const found = index_.find(id);
    return found == index_.end() ? nullptr : &report_.events[found->second];
}

trace_report trace_search::take() && {
    report_.matched = query_.id ? report_.events.size() : matched_.size();
    for (auto& each : report_.events) each.steps = in_order(std::move(each.steps));
    return std::move(report_);
}

result<trace_report> trace(std::span<std::unique_ptr<audited_endpoint> const> endpoints, trace_query const& query) {
    trace_search search{query};
    std::vector<std::string> unseen;
    std::uint64_t dropped = 0;
    // Positions first: what was before them then has come on by the time that what follows is read.
    for (auto const& each : endpoints) {
        auto const facts = each->snapshot();
        if (!facts) return in_context(each->name(), facts.error());
        for (auto const& range : facts->unseen) unseen.push_back(each->name() + ": " + range);
        dropped += facts->dropped;
    }
    for (auto const& each : endpoints) {
        search.begin(*each);
        if (auto read = each->trace(search); !read) return in_context(each->name(), read.error());
    }
    auto report = std::move(search).take();
    report.unseen = std::move(unseen);
    report.dropped = dropped;
    for (auto& each : report.events) each.state = state_of(each.steps);
    return report;
}

bool all_at_their_end(trace_report const& report) noexcept {
    return std::ranges::all_of(report.events, [](traced_event const& each) {
        return each.state == trace_state::stored || each.state == trace_state::dead ||
               each.state == trace_state::purged;
    });
}

}  // namespace logpipe::audit
