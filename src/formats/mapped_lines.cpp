#include "mapped_lines.hpp"

#include "core/assert.hpp"
#include "core/log.hpp"
#include "id_facts.hpp"
#include "json/json_text.hpp"
#include "quoted.hpp"

#include <fmt/format.h>

#include <array>
#include <limits>
#include <utility>

namespace logpipe::formats {

namespace {

/// What a document says of the line's repairs, by their bits.
constexpr std::array<std::string_view, repair_sets> repairs_texts{
    R"()",
    R"(,"_repaired":["front"])",
    R"(,"_repaired":["escapes"])",
    R"(,"_repaired":["front","escapes"])",
    R"(,"_repaired":["utf8"])",
    R"(,"_repaired":["front","utf8"])",
    R"(,"_repaired":["escapes","utf8"])",
    R"(,"_repaired":["front","escapes","utf8"])",
};
constexpr std::size_t repairs_text_bytes_max = repairs_texts.back().size();

}  // namespace

mapped_lines::mapped_lines(normalize_options options)
    : options_{std::move(options)},
      policy_{options_.table, options_.redaction_keys},
      plan_{options_.table},
      mapper_{plan_, options_},
      time_of_line_{options_.table.time},
      times_(plan_.times_count()) {}

void mapped_lines::apply(batch& events) {
    // A reader may look past a line's end, into the next line or, at the last one, into these bytes.
    auto const bytes = events.records.size();
    events.records.resize(bytes + line_reader::padding_bytes);
    events.records.resize(bytes);
    events.documents.clear();

    tally counts;
    auto tag = std::numeric_limits<std::size_t>::max();
    for (std::uint32_t i = 0; i < events.events.size(); ++i) {
        auto& row = events.events[i];
        if (row.rejected) continue;
        if (row.tag != tag) mapper_.begin_stream(events.tags[tag = row.tag]);
        auto const line = events.record(row);
        if (!is_short_enough(line) || !mapper_.read(line, events.tags[tag], reason_) || !find_time(row)) {
            events.reject(i, normalize_stage, reason_);
            ++counts.rejected;
            continue;
        }
        auto const begin = events.documents.size();
        write(row.id, line, events.documents);
        if (has_policy_ && !pass_policy(row.id, events.documents, begin)) {
            dropped_.push_back(i);
            continue;
        }
        LOGPIPE_ASSERT(events.documents.size() <= std::numeric_limits<std::uint32_t>::max());
        row.document_begin = static_cast<std::uint32_t>(begin);
        row.document_bytes = static_cast<std::uint32_t>(events.documents.size() - begin);
        count(line, counts);
    }
    if (!dropped_.empty()) drop_from(events);
    events.transformed = true;
    documents_.fetch_add(counts.documents, std::memory_order_relaxed);
    rejected_.fetch_add(counts.rejected, std::memory_order_relaxed);
    raw_.fetch_add(counts.raw, std::memory_order_relaxed);
    without_fields_.fetch_add(counts.without_fields, std::memory_order_relaxed);
    repaired_.fetch_add(counts.repaired, std::memory_order_relaxed);
    unwrapped_.fetch_add(counts.unwrapped, std::memory_order_relaxed);
}

bool mapped_lines::is_short_enough(std::string_view line) {
    if (line.size() <= options_.line_bytes_max) return true;
    reason_ = fmt::format("{} bytes long; at most {} are allowed", line.size(), options_.line_bytes_max);
    return false;
}

/// @return false where a rule drops the document, which is then taken away
bool mapped_lines::pass_policy(event_id id, std::string& documents, std::size_t begin) {
    if (!policy_.keeps(id, std::string_view{documents}.substr(begin))) {
        documents.resize(begin);
        return false;
    }
    if (policy_.redacts()) policy_.redact(documents, begin);
    return true;
}

void mapped_lines::drop_from(batch& events) {
    events.drop(dropped_);
    events.counts.dropped += dropped_.size();
    dropped_.clear();
}

void mapped_lines::count(std::string_view line, tally& counts) {
    ++counts.documents;
    if (mapper_.repairs() != repair::none) ++counts.repaired;
    if (mapper_.is_unwrapped()) ++counts.unwrapped;
    if (mapper_.fields().known > 0 || options_.table.fields.empty()) return;
    if (mapper_.is_raw()) ++counts.raw;
    ++counts.without_fields;
    warn_of(line);
}

void mapped_lines::warn_of(std::string_view line) {
    ++unsaid_;
    auto const now = std::chrono::steady_clock::now();
    if (now < next_warning_) return;
    next_warning_ = now + std::chrono::minutes{1};
    auto const count = std::exchange(unsaid_, 0);
    log_warn(
        "normalize: {} line{} without any field that the mapping {} knows, such as {}; --format, --mapping or check "
        "--line may help",
        count, count == 1 ? "" : "s", options_.table.name,
        policy_.redacts() ? "one that is not shown, as fields are redacted" : quoted_for_reason(line));
}

bool mapped_lines::find_time(event const& row) {
    auto const received_ns = row.received_ns != 0 ? row.received_ns : row.time_ns;
    switch (options_.timestamp) {
        case timestamp_from::receive:
            time_ns_ = received_ns;
            return true;
        case timestamp_from::entry:
            time_ns_ = row.time_ns != 0 ? row.time_ns : row.received_ns;
            return true;
        case timestamp_from::event:
            return find_time_in_line();
        case timestamp_from::line:
            if (!find_time_in_line()) time_ns_ = received_ns;
            return true;
        case timestamp_from::logged:
            if (is_time_dropped() || !find_time_in_line()) time_ns_ = received_ns;
            return true;
    }
    return false;
}

bool mapped_lines::is_time_dropped() const noexcept {
    auto const slot = plan_.time_slot();
    return slot != plan::none && mapper_.fields().values[slot].data() != nullptr &&
           plan_.keys()[mapper_.fields().keys[slot]].role == key_role::dropped;
}

bool mapped_lines::find_time_in_line() {
    auto const slot = plan_.time_slot();
    if (slot == plan::none || mapper_.fields().values[slot].data() == nullptr) {
        reason_ = options_.table.time_keys.empty() ? std::string{"no time: the mapping names no key for it"}
                                                   : fmt::format("no time: the key {} is missing",
                                                                 quoted_for_reason(options_.table.time_keys.front()));
        return false;
    }
    auto const value = mapper_.fields().values[slot];
    auto const time_ns = time_of_line_.read(value);
    if (!time_ns) {
        reason_ = fmt::format("no time: {} does not have the form {}", quoted_for_reason(value),
                              example_of(options_.table.time));
        return false;
    }
    time_ns_ = *time_ns;
    return true;
}

void mapped_lines::write(event_id id, std::string_view line, std::string& out) {
    auto const begin = out.size();
    auto const capacity = mapper_.values_bytes(line) + plan_.document_bytes_extra() + repairs_text_bytes_max +
                          document_writer::block_bytes;
    out.resize_and_overwrite(begin + capacity, [&](char* data, std::size_t) {
        document_writer to{data + begin};
        to.put('{');
        write_steps(id, to);
        if (!mapper_.fields().extras.all().empty()) write_rest(to);
        if (auto const repairs = mapper_.repairs(); repairs != repair::none)
            to.put_member(repairs_texts[static_cast<std::size_t>(repairs)]);
        to.put('}');
        return static_cast<std::size_t>(to.at() - data);
    });
}

void mapped_lines::write_steps(event_id id, document_writer& to) {
    auto const hash = hash_of(id);
    auto const& fields = mapper_.fields();
    auto const* const end = plan_.steps().data() + plan_.steps().size();
    for (auto const* at = plan_.steps().data(); at != end; ++at) {
        auto const& step = *at;
        switch (step.what) {
            using enum plan_step::kind;
            case value:
                if (fields.values[step.index].data() == nullptr) break;
                to.put_member_blocks(step.bytes);
                to.put_blocks(fields.values[step.index]);
                break;
            case text_value:
                if (fields.values[step.index].data() == nullptr) break;
                to.put_member_blocks(step.bytes);
                if (bool const quotes = needs_quotes(fields.values[step.index]); quotes) {
                    to.put('"');
                    to.put_blocks(fields.values[step.index]);
                    to.put('"');
                } else {
                    to.put_blocks(fields.values[step.index]);
                }
                break;
            case text:
                to.put_member_blocks(step.bytes);
                break;
            case choice:
                to.put_member_blocks(step.choices[hash.pick(step.choices.size())]);
                break;
            case plan_step::kind::id:
                hash.write_hex(to.put_room(id_hash::hex_bytes));
                break;
            case times:
                to.put_member_blocks(times_[step.index].of(step, time_ns_));
                break;
            case skip:
                if (fields.optional == 0) at += step.index;
                break;
        }
    }
}

void mapped_lines::write_rest(document_writer& to) const {
    if (!plan_.rest_open().empty()) to.put_member(plan_.rest_open());
    for (auto const& extra : mapper_.fields().extras.all()) {
        if (extra.prefix.empty()) {
            if (to.at()[-1] != '{') to.put(',');
            to.put('"');
            to.put_blocks(extra.key);
            to.put('"');
            to.put(':');
        } else {
            to.put_member_blocks(extra.prefix);
        }
        to.put_blocks(extra.value);
    }
    if (!plan_.rest_open().empty()) to.put('}');
}

stage_status mapped_lines::status() const {
    stage_status now;
    now.name = normalize_stage;
    now.target = mapper_.note();
    now.metrics = {
        {metrics::rejected, rejected_}, {metrics::documents, documents_}, {metrics::without_fields, without_fields_},
        {metrics::raw, raw_},           {metrics::repaired, repaired_},   {metrics::unwrapped, unwrapped_}};
    policy_.add_metrics(now.metrics);
    return now;
}

}  // namespace logpipe::formats
