// The transform for one format: its reader gives the members of a line, the plan says what becomes of each.
#pragma once

#include "access_time.hpp"
#include "core/assert.hpp"
#include "core/clock.hpp"
#include "core/json_text.hpp"
#include "document_writer.hpp"
#include "extra_members.hpp"
#include "formats/metrics.hpp"
#include "formats/normalize.hpp"
#include "id_facts.hpp"
#include "json/json_text.hpp"
#include "line_time.hpp"
#include "plan.hpp"
#include "quoted.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace logpipe::formats {

/// A format: reads one line after the other.
///
/// `read(line, why, visit)` calls `visit(char const* key, std::string_view value)` for each member in order, and stops
/// where that returns false. `key` begins after an opening quote and has `plan::match_bytes_max` readable bytes;
/// `value` is JSON with a block of readable bytes after it. Both are good until the next line. Where the line is not
/// of this format it returns false with the reason in `why`.
/// `raw_text(key)` is the key as JSON spells it, `text(key)` without escapes, while it is visited.
/// `values_bytes_max()` is the most that all keys and values of the line take.
template <class Reader>
concept line_reader = requires(Reader reader, Reader const& constant, std::string_view line, std::string& reason) {
    { Reader::padding_bytes } -> std::convertible_to<std::size_t>;
    {
        reader.read(line, reason, [](char const*, std::string_view) { return true; })
    } -> std::same_as<bool>;
    { constant.raw_text(line.data()) } -> std::same_as<std::string_view>;
    { constant.text(line.data()) } -> std::same_as<std::string_view>;
    { constant.values_bytes_max(line) } -> std::same_as<std::size_t>;
};

/// One line after the other; owned by the pump's transform thread, only status() comes from elsewhere.
template <line_reader Reader>
class mapped_lines final : public transform {
  public:
    explicit mapped_lines(normalize_options options)
        : options_{std::move(options)},
          plan_{options_.table},
          values_(plan_.keys().size()),
          next_(plan_.keys().size() + 1, 0),
          times_(plan_.times_count()) {}

    void apply(batch& events) override;
    [[nodiscard]] stage_status status() const override;

  private:
    static_assert(plan::match_bytes_max <= Reader::padding_bytes, "a key is compared without a look ahead");
    static_assert(document_writer::block_bytes <= Reader::padding_bytes, "a value is copied in blocks");

    /// What of a document changes with its time only: lines that follow one another mostly share it.
    struct written_times {
        bool is_written = false;
        std::int64_t time_ns = 0;
        std::string bytes;  ///< with capacity for a block after it
    };

    // Those that return false have set reason_.
    [[nodiscard]] bool read(std::string_view line);
    [[nodiscard]] bool take(char const* key, std::string_view value);
    [[nodiscard]] bool add_to_rest(char const* key, std::string_view value);
    [[nodiscard]] std::size_t known(char const* key);
    [[nodiscard]] bool find_time(event const& row);
    [[nodiscard]] bool find_time_in_line();
    void write(event_id id, std::string_view line, std::string& out);
    void write_rest(document_writer& to) const;
    [[nodiscard]] std::string_view times_of(plan_step const& step);

    normalize_options options_;
    plan plan_;
    Reader reader_;

    // Of the line at hand.
    std::vector<std::string_view> values_;  ///< of each known key; without data where the line has no such key
    extra_members extras_;
    std::int64_t time_ns_ = 0;  ///< 0: not known; the document is then without a time, as nothing is invented
    std::string reason_;        ///< it is rejected
    std::size_t previous_ = 0;  ///< known key seen last; keys().size() before the first

    /// The known key that came after each one (and first, at the end) in the last line: lines mostly repeat it.
    std::vector<std::size_t> next_;

    std::string read_time_;          ///< value of the time's key that was understood last…
    std::int64_t read_time_ns_ = 0;  ///< …and what it means
    std::vector<written_times> times_;

    std::atomic<std::uint64_t> documents_{0};
    std::atomic<std::uint64_t> rejected_{0};
};

template <line_reader Reader>
std::unique_ptr<transform> map_lines(normalize_options options) {
    return std::make_unique<mapped_lines<Reader>>(std::move(options));
}

template <line_reader Reader>
void mapped_lines<Reader>::apply(batch& events) {
    // A reader may look past a line's end, into the next line or, at the last one, into these bytes.
    auto const bytes = events.records.size();
    events.records.resize(bytes + Reader::padding_bytes);
    events.records.resize(bytes);
    events.documents.clear();

    std::uint64_t written = 0;
    std::uint64_t rejected = 0;
    for (std::uint32_t i = 0; i < events.events.size(); ++i) {
        auto& row = events.events[i];
        if (row.rejected) continue;
        auto const line = events.record(row);
        if (!read(line) || !find_time(row)) {
            events.reject(i, normalize_stage, reason_);
            ++rejected;
            continue;
        }
        auto const begin = events.documents.size();
        write(row.id, line, events.documents);
        LOGPIPE_ASSERT(events.documents.size() <= std::numeric_limits<std::uint32_t>::max());
        row.document_begin = static_cast<std::uint32_t>(begin);
        row.document_bytes = static_cast<std::uint32_t>(events.documents.size() - begin);
        ++written;
    }
    events.transformed = true;
    documents_.fetch_add(written, std::memory_order_relaxed);
    rejected_.fetch_add(rejected, std::memory_order_relaxed);
}

template <line_reader Reader>
bool mapped_lines<Reader>::read(std::string_view line) {
    if (line.size() > options_.line_bytes_max) {
        reason_ = fmt::format("{} bytes long; at most {} are allowed", line.size(), options_.line_bytes_max);
        return false;
    }
    std::ranges::fill(values_, std::string_view{});
    extras_.clear();
    previous_ = plan_.keys().size();
    return reader_.read(line, reason_, [this](char const* key, std::string_view value) { return take(key, value); });
}

template <line_reader Reader>
bool mapped_lines<Reader>::take(char const* key, std::string_view value) {
    auto const index = known(key);
    if (index == plan::none) return options_.table.drops_rest || add_to_rest(key, value);
    auto const& known_key = plan_.keys()[index];
    if (values_[index].data() != nullptr) {
        reason_ = fmt::format("duplicate key {}", quoted_for_reason(known_key.text));
        return false;
    }
    values_[index] = known_key.to_number ? number_in(value) : value;
    if (known_key.role <= key_role::dropped) return true;
    if (known_key.role == key_role::timed) return add_to_rest(key, value);
    return extras_.add({.name = known_key.output, .prefix = known_key.prefix, .key = {}, .value = value}, reason_);
}

template <line_reader Reader>
bool mapped_lines<Reader>::add_to_rest(char const* key, std::string_view value) {
    return extras_.add({.name = reader_.text(key), .prefix = {}, .key = reader_.raw_text(key), .value = value},
                       reason_);
}

template <line_reader Reader>
std::size_t mapped_lines<Reader>::known(char const* key) {
    if (plan_.keys().empty()) return plan::none;
    auto index = next_[previous_];
    if (!plan_.is(index, key)) {
        index = plan_.find(reader_.text(key));
        if (index == plan::none) return index;
        next_[previous_] = index;
    }
    previous_ = index;
    return index;
}

template <line_reader Reader>
bool mapped_lines<Reader>::find_time(event const& row) {
    switch (options_.timestamp) {
        case timestamp_from::receive:
            time_ns_ = row.received_ns != 0 ? row.received_ns : row.time_ns;
            return true;
        case timestamp_from::entry:
            time_ns_ = row.time_ns != 0 ? row.time_ns : row.received_ns;
            return true;
        case timestamp_from::event:
            return find_time_in_line();
    }
    return false;
}

template <line_reader Reader>
bool mapped_lines<Reader>::find_time_in_line() {
    auto const index = plan_.time_key();
    if (index == plan::none || values_[index].data() == nullptr) {
        reason_ = fmt::format("no time: the key {} is missing", quoted_for_reason(options_.table.time_key));
        return false;
    }
    auto const value = values_[index];
    if (value != read_time_) {
        auto const time_ns = time_in_json(options_.table.time, value);
        if (!time_ns) {
            reason_ = fmt::format("no time: {} does not have the form {}", quoted_for_reason(value),
                                  example_of(options_.table.time));
            return false;
        }
        read_time_ = value;
        read_time_ns_ = *time_ns;
    }
    time_ns_ = read_time_ns_;
    return true;
}

template <line_reader Reader>
void mapped_lines<Reader>::write(event_id id, std::string_view line, std::string& out) {
    auto const begin = out.size();
    auto const capacity = reader_.values_bytes_max(line) + plan_.document_bytes_extra() + document_writer::block_bytes;
    out.resize_and_overwrite(begin + capacity, [&](char* data, std::size_t) {
        document_writer to{data + begin};
        to.put('{');
        auto const hash = hash_of(id);
        for (auto const& step : plan_.steps()) {
            switch (step.what) {
                using enum plan_step::kind;
                case value:
                    if (values_[step.index].data() == nullptr) break;
                    to.put_member_blocks(step.bytes);
                    to.put_blocks(values_[step.index]);
                    break;
                case text_value:
                    if (values_[step.index].data() == nullptr) break;
                    to.put_member_blocks(step.bytes);
                    if (bool const quotes = needs_quotes(values_[step.index]); quotes) {
                        to.put('"');
                        to.put_blocks(values_[step.index]);
                        to.put('"');
                    } else {
                        to.put_blocks(values_[step.index]);
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
                    to.put_member_blocks(times_of(step));
                    break;
            }
        }
        if (!extras_.all().empty()) write_rest(to);
        to.put('}');
        return static_cast<std::size_t>(to.at() - data);
    });
}

template <line_reader Reader>
void mapped_lines<Reader>::write_rest(document_writer& to) const {
    to.put_member(plan_.rest_open());
    for (auto const& extra : extras_.all()) {
        if (extra.prefix.empty()) {
            to.put_member(",\"");
            to.put(extra.key);
            to.put("\":");
        } else {
            to.put_member(extra.prefix);
        }
        to.put(extra.value);
    }
    if (!plan_.rest_open().empty()) to.put('}');
}

/// With capacity for a block after it.
template <line_reader Reader>
std::string_view mapped_lines<Reader>::times_of(plan_step const& step) {
    auto& known = times_[step.index];
    if (known.is_written && known.time_ns == time_ns_) return known.bytes;
    write_times(step, time_ns_, known.bytes);
    known.time_ns = time_ns_;
    known.is_written = true;
    return known.bytes;
}

template <line_reader Reader>
stage_status mapped_lines<Reader>::status() const {
    stage_status now;
    now.name = normalize_stage;
    now.metrics = {{metrics::rejected, rejected_}, {metrics::documents, documents_}};
    return now;
}

}  // namespace logpipe::formats
