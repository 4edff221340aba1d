#include "logpipe/status.hpp"
#include "status/process.hpp"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <algorithm>
#include <array>
#include <limits>

namespace logpipe::status {

namespace {

namespace json = boost::json;

/// Takes keys out of an object. The first one that is missing or of another type is remembered, with its path, and what
/// is read from there on does not matter. Keys that we do not know are left alone: a newer logpipe may have more.
class object_reader final {
  public:
    /// `problem` outlives the reader.
    object_reader(json::value const* from, std::string path, std::string& problem)
        : object_{from == nullptr ? nullptr : from->if_object()}, path_{std::move(path)}, problem_{problem} {
        if (object_ == nullptr) fail(fmt::format("\"{}\" is missing or not an object", path_));
    }

    void read(std::string_view key, std::string& into) {
        auto const* value = find(key);
        auto const* text = value == nullptr ? nullptr : value->if_string();
        if (text == nullptr) return fail(key, "not a string");
        into = *text;
    }
    void read(std::string_view key, bool& into) {
        auto const* value = find(key);
        auto const* flag = value == nullptr ? nullptr : value->if_bool();
        if (flag == nullptr) return fail(key, "neither true nor false");
        into = *flag;
    }
    template <std::integral T>
    void read(std::string_view key, T& into) {
        auto const* value = find(key);
        boost::system::error_code failed;
        auto const number = value == nullptr ? T{} : value->to_number<T>(failed);
        if (value == nullptr || failed) return fail(key, "not an integer in its range");
        into = number;
    }
    /// null where it is not known.
    void read(std::string_view key, std::optional<std::uint64_t>& into) {
        if (auto const* const value = find(key); value != nullptr && value->is_null()) return;
        read(key, into.emplace());
    }
    void read(std::string_view key, double& into) {
        auto const* value = find(key);
        if (value == nullptr || !read_number(*value, into)) fail(key, "not a number");
    }
    /// Keeps what is there where the key is not: a process of before this key has none.
    void read_newer(std::string_view key, std::uint64_t& into) {
        if (find(key) != nullptr) read(key, into);
    }
    [[nodiscard]] bool has(std::string_view key) const { return find(key) != nullptr; }
    [[nodiscard]] object_reader object(std::string_view key) { return {find(key), path_of(key), problem_}; }
    /// An object of numbers by their names.
    void read(std::string_view key, std::vector<metric_value>& into) {
        auto const* found = find(key);
        auto const* metrics = found == nullptr ? nullptr : found->if_object();
        if (metrics == nullptr) return fail(key, "not an object");
        for (auto const& [name, value] : *metrics) {
            auto& metric = into.emplace_back();
            metric.name = name;
            if (!read_number(value, metric.value)) return fail(key, "not an object of numbers");
        }
    }
    /// Exactly as many as there are buckets: those of another number are of other bounds.
    template <std::size_t N>
    void read(std::string_view key, std::array<std::uint64_t, N>& into) {
        auto const* found = find(key);
        auto const* values = found == nullptr ? nullptr : found->if_array();
        if (values == nullptr || values->size() != N) return fail(key, fmt::format("not an array of {} numbers", N));
        boost::system::error_code failed;
        for (std::size_t i = 0; i < N && !failed; ++i) into[i] = (*values)[i].to_number<std::uint64_t>(failed);
        if (failed) fail(key, "not an array of integers");
    }
    template <class T>
    void read(std::string_view key, std::vector<T>& into, T (*parse)(object_reader)) {
        auto const* found = find(key);
        auto const* values = found == nullptr ? nullptr : found->if_array();
        if (values == nullptr) return fail(key, "not an array");
        for (auto const& value : *values)
            into.push_back(parse({&value, fmt::format("{}[{}]", path_of(key), into.size()), problem_}));
    }

  private:
    [[nodiscard]] json::value const* find(std::string_view key) const {
        return object_ == nullptr ? nullptr : object_->if_contains(key);
    }
    /// The writer has null for what is not finite.
    static bool read_number(json::value const& from, double& into) {
        boost::system::error_code failed;
        into = from.is_null() ? std::numeric_limits<double>::quiet_NaN() : from.to_number<double>(failed);
        return !failed;
    }
    [[nodiscard]] std::string path_of(std::string_view key) const {
        return path_.empty() ? std::string{key} : fmt::format("{}.{}", path_, key);
    }
    void fail(std::string_view key, std::string_view what) {
        fail(fmt::format("\"{}\" is missing or {}", path_of(key), what));
    }
    void fail(std::string what) {
        if (problem_.empty()) problem_ = std::move(what);
    }

    json::object const* object_;
    std::string path_;
    std::string& problem_;
};

event_counts parse_counts(object_reader from) {
    event_counts counts;
    from.read("in", counts.in);
    from.read("indexed", counts.indexed);
    from.read("duplicates", counts.duplicates);
    from.read("dead", counts.dead);
    from.read_newer("dropped", counts.dropped);
    from.read_newer("routed", counts.routed);
    return counts;
}

ledger parse_ledger(object_reader from) {
    ledger book;
    book.counts = parse_counts(from);
    from.read("in_flight", book.in_flight);
    from.read_newer("taken", book.taken);
    from.read_newer("tombstones", book.passed.tombstones);
    from.read_newer("gaps", book.passed.gaps);
    from.read_newer("expired", book.passed.expired);
    from.read_newer("by_runs", book.by_runs);
    from.read_newer("by_retries", book.by_retries);
    return book;
}

metric_value parse_figure(object_reader from) {
    metric_value figure;
    from.read("title", figure.title);
    from.read("name", figure.name);
    from.read("value", figure.value);
    return figure;
}

stage_status parse_stage(object_reader from) {
    stage_status stage;
    from.read("name", stage.name);
    from.read("title", stage.title);
    from.read("target", stage.target);
    from.read("up", stage.up);
    from.read("reason", stage.reason);
    from.read("hint", stage.hint);
    from.read("retries", stage.retries);
    from.read("metrics", stage.metrics);
    std::vector<metric_value> figures;
    from.read("figures", figures, parse_figure);
    for (auto const& figure : figures) {
        auto const metric = std::ranges::find(stage.metrics, figure.name, &metric_value::name);
        if (metric != stage.metrics.end()) metric->title = figure.title;
    }
    return stage;
}

latency_histogram parse_latency(object_reader from) {
    latency_histogram latency;
    from.read("sum", latency.sum_seconds);
    from.read("buckets", latency.counts);
    return latency;
}

warning parse_warning(object_reader from) {
    warning line;
    from.read("time_ns", line.time_ns);
    std::string severity;
    from.read("severity", severity);
    line.severity = severity == "error" ? warning_severity::error : warning_severity::warning;
    from.read("message", line.message);
    return line;
}

pump_snapshot parse_pump(object_reader from) {
    pump_snapshot pump;
    from.read("name", pump.name);
    from.read("finished", pump.finished);
    pump.book = parse_ledger(from.object("ledger"));
    from.read("backlog", pump.backlog);
    pump.this_run = parse_counts(from.object("this_run"));
    from.read("bytes_in", pump.bytes_in);
    from.read("bytes_out", pump.bytes_out);
    from.read("retries", pump.retries);
    from.read("queued_batches", pump.queued_batches);
    from.read("queued_batches_max", pump.queued_batches_max);
    from.read("in_flight_bytes", pump.in_flight_bytes);
    from.read("in_flight_bytes_max", pump.in_flight_bytes_max);
    from.read("oldest_seconds", pump.oldest_seconds);
    pump.safe_after = parse_latency(from.object("safe_after_seconds"));
    pump.age_when_safe = parse_latency(from.object("age_when_safe_seconds"));
    from.read("stages", pump.stages, parse_stage);
    return pump;
}

held_memory parse_holder(object_reader from) {
    held_memory what;
    from.read("holder", what.holder);
    from.read("bytes", what.bytes);
    return what;
}

memory_status parse_memory(object_reader from) {
    memory_status memory;
    from.read("bytes_max", memory.bytes_max);
    from.read("waits", memory.waits);
    from.read("holders", memory.holders, parse_holder);
    return memory;
}

}  // namespace

result<process_snapshot> parse_process_snapshot(std::string_view text) {
    boost::system::error_code failed;
    auto const parsed = json::parse(text, failed, {}, {.max_depth = 16});
    if (failed) return error{errc::protocol, fmt::format("the status is not JSON: {}", failed.message())};

    std::string problem;
    object_reader from{&parsed, "", problem};
    process_snapshot process;
    from.read("subcommand", process.subcommand);
    from.read("version", process.version);
    from.read("pid", process.pid);
    from.read("started_ns", process.started_ns);
    from.read("ready", process.ready);
    from.read("draining", process.draining);
    process.book = parse_ledger(from.object("ledger"));
    from.read("pumps", process.pumps, parse_pump);
    if (from.has("dead_letters")) process.letters = parse_stage(from.object("dead_letters"));
    from.read("warnings", process.warnings, parse_warning);
    if (from.has("memory")) process.memory = parse_memory(from.object("memory"));
    if (!problem.empty()) return error{errc::protocol, fmt::format("the status is not as expected: {}", problem)};
    return process;
}

}  // namespace logpipe::status
