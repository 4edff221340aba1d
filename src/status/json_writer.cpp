#include "base/clean_text.hpp"
#include "base/json_text.hpp"
#include "logpipe/status.hpp"
#include "number_text.hpp"

#include <fmt/format.h>

#include <cmath>
#include <concepts>
#include <iterator>

// The keys are read again in json_reader.cpp and are documented in DESIGN.md "Status": both change together.

namespace logpipe {

namespace {

/// One JSON object, written key by key.
class object_writer final {
  public:
    explicit object_writer(std::string& out) : out_{out} { out_.push_back('{'); }
    object_writer(object_writer const&) = delete;
    object_writer& operator=(object_writer const&) = delete;
    ~object_writer() { out_.push_back('}'); }

    /// The place where the key's value is to be appended.
    std::string& at(std::string_view key) {
        if (!first_) out_.push_back(',');
        first_ = false;
        append_json_string(out_, clean_utf8(key));
        out_.push_back(':');
        return out_;
    }
    void add(std::string_view key, std::string_view text) { append_json_string(at(key), clean_utf8(text)); }
    void add(std::string_view key, bool value) { at(key).append(value ? "true" : "false"); }
    void add(std::string_view key, std::integral auto value) {
        fmt::format_to(std::back_inserter(at(key)), "{}", value);
    }
    /// JSON has no words for what is not finite: null.
    void add(std::string_view key, double value) { at(key).append(std::isfinite(value) ? number_text(value) : "null"); }

  private:
    std::string& out_;
    bool first_ = true;
};

template <class T>
void write_list(std::string& out, std::vector<T> const& values, void (*write)(std::string&, T const&)) {
    out.push_back('[');
    for (auto const& value : values) {
        if (&value != values.data()) out.push_back(',');
        write(out, value);
    }
    out.push_back(']');
}

void add_counts(object_writer& object, event_counts const& counts) {
    object.add("in", counts.in);
    object.add("indexed", counts.indexed);
    object.add("already_there", counts.already_there);
    object.add("dead", counts.dead);
}

void write_counts(std::string& out, event_counts const& counts) {
    object_writer object{out};
    add_counts(object, counts);
}

void write_ledger(std::string& out, ledger const& book) {
    object_writer object{out};
    add_counts(object, book.counts);
    object.add("in_flight", book.in_flight);
    object.add("difference", book.difference());
}

void write_gauges(std::string& out, std::vector<std::pair<std::string, double>> const& gauges) {
    object_writer object{out};
    for (auto const& [name, value] : gauges) object.add(name, value);
}

void write_stage(std::string& out, stage_status const& stage) {
    object_writer object{out};
    object.add("name", stage.name);
    object.add("up", stage.up);
    object.add("why", stage.why);
    object.add("retries", stage.retries);
    write_gauges(object.at("gauges"), stage.gauges);
}

void write_pump(std::string& out, pump_snapshot const& pump) {
    object_writer object{out};
    object.add("name", pump.name);
    object.add("finished", pump.finished);
    write_ledger(object.at("ledger"), pump.book);
    write_counts(object.at("this_run"), pump.this_run);
    object.add("bytes_in", pump.bytes_in);
    object.add("bytes_out", pump.bytes_out);
    object.add("retries", pump.retries);
    object.add("queued_batches", pump.queued_batches);
    object.add("in_flight_bytes", pump.in_flight_bytes);
    object.add("oldest_seconds", pump.oldest_seconds);
    write_list(object.at("stages"), pump.stages, write_stage);
}

}  // namespace

std::string to_json(process_snapshot const& process) {
    std::string out;
    {
        object_writer object{out};
        object.add("subcommand", process.subcommand);
        object.add("version", process.version);
        object.add("pid", process.pid);
        object.add("started_ns", process.started_ns);
        object.add("ready", process.ready);
        object.add("draining", process.draining);
        object.add("all_up", all_up(process));
        write_ledger(object.at("ledger"), process.book);
        write_list(object.at("pumps"), process.pumps, write_pump);
    }
    out.push_back('\n');
    return out;
}

}  // namespace logpipe
