#include "formats/normalize.hpp"

#include "access_time.hpp"
#include "core/assert.hpp"
#include "core/clock.hpp"
#include "document_writer.hpp"
#include "extra_members.hpp"
#include "id_facts.hpp"
#include "json_line.hpp"
#include "plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <limits>
#include <optional>

namespace logpipe::formats {

namespace {

constexpr std::string_view stage_name = "normalize";

/// One line after the other; owned by the pump's transform thread, only status() comes from elsewhere.
class normalize final : public transform {
  public:
    explicit normalize(normalize_options options)
        : options_{std::move(options)},
          plan_{options_.table},
          values_(plan_.keys().size()),
          next_(plan_.keys().size() + 1, 0) {}

    void apply(batch& events) override;
    [[nodiscard]] stage_status status() const override;

  private:
    static_assert(plan::match_bytes_max <= json_line_reader::padding_bytes, "a key is compared without a look ahead");
    static_assert(document_writer::block_bytes <= json_line_reader::padding_bytes, "a value is copied in blocks");

    // Those that return false have set why_.
    [[nodiscard]] bool read(std::string_view line);
    [[nodiscard]] bool take(char const* key, std::string_view value);
    [[nodiscard]] std::size_t known(char const* key);
    [[nodiscard]] bool find_time(event const& row);
    [[nodiscard]] bool find_time_in_line();
    void write(event_id id, std::size_t line_bytes, std::string& out);
    [[nodiscard]] std::string_view time_text();

    normalize_options options_;
    plan plan_;
    json_line_reader reader_;

    // Of the line at hand.
    std::vector<std::string_view> values_;  ///< of each known key; without data where the line has no such key
    extra_members extras_;
    std::int64_t time_ns_ = 0;  ///< 0: not known; the document is then without a time, as nothing is invented
    std::string why_;           ///< it is refused
    std::size_t previous_ = 0;  ///< known key seen last; keys().size() before the first

    /// The known key that came behind each one (and first, at the end) in the last line: lines mostly repeat it.
    std::vector<std::size_t> next_;

    // Lines that follow one another mostly share their time.
    std::string read_time_;             ///< value of the time's key that was understood last…
    std::int64_t read_time_ns_ = 0;     ///< …and what it means
    std::int64_t written_time_ns_ = 0;  ///< none yet
    std::array<char, plan::time_bytes_max + document_writer::block_bytes>
        written_time_{};                  ///< text of written_time_ns_…
    std::size_t written_time_bytes_ = 0;  ///< …and its length

    std::atomic<std::uint64_t> documents_{0};
    std::atomic<std::uint64_t> rejected_{0};
};

void normalize::apply(batch& events) {
    // simdjson reads past a line's end, into the next line or, at the last one, into these bytes.
    auto const bytes = events.records.size();
    events.records.resize(bytes + json_line_reader::padding_bytes);
    events.records.resize(bytes);
    events.documents.clear();

    std::uint64_t written = 0;
    std::uint64_t rejected = 0;
    for (std::uint32_t i = 0; i < events.events.size(); ++i) {
        auto& row = events.events[i];
        if (row.rejected) continue;
        auto const line = events.record(row);
        if (!read(line) || !find_time(row)) {
            events.reject(i, stage_name, why_);
            ++rejected;
            continue;
        }
        auto const begin = events.documents.size();
        write(row.id, line.size(), events.documents);
        LOGPIPE_ASSERT(events.documents.size() <= std::numeric_limits<std::uint32_t>::max());
        row.document_begin = static_cast<std::uint32_t>(begin);
        row.document_bytes = static_cast<std::uint32_t>(events.documents.size() - begin);
        ++written;
    }
    events.transformed = true;
    documents_.fetch_add(written, std::memory_order_relaxed);
    rejected_.fetch_add(rejected, std::memory_order_relaxed);
}

bool normalize::read(std::string_view line) {
    if (line.size() > options_.line_bytes_max) {
        why_ = fmt::format("{} bytes long; at most {} are taken", line.size(), options_.line_bytes_max);
        return false;
    }
    std::ranges::fill(values_, std::string_view{});
    extras_.clear();
    previous_ = plan_.keys().size();
    return reader_.read(line, why_, [this](char const* key, std::string_view value) { return take(key, value); });
}

bool normalize::take(char const* key, std::string_view value) {
    auto const place = known(key);
    if (place == plan::none)
        return extras_.add({.name = reader_.text(key), .prefix = {}, .key = reader_.raw_text(key), .value = value},
                           why_);
    auto const& known_key = plan_.keys()[place];
    if (values_[place].data() != nullptr) {
        why_ = fmt::format("the key {} stands there twice", quoted_for_reason(known_key.text));
        return false;
    }
    values_[place] = value;
    if (known_key.role != key_role::own) return true;
    return extras_.add({.name = known_key.output, .prefix = known_key.prefix, .key = {}, .value = value}, why_);
}

std::size_t normalize::known(char const* key) {
    auto place = next_[previous_];
    if (!plan_.is(place, key)) {
        place = plan_.find(reader_.text(key));
        if (place == plan::none) return place;
        next_[previous_] = place;
    }
    previous_ = place;
    return place;
}

bool normalize::find_time(event const& row) {
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

bool normalize::find_time_in_line() {
    auto const place = plan_.time_key();
    if (place == plan::none || values_[place].data() == nullptr) {
        why_ = fmt::format("no time: the key {} is missing", quoted_for_reason(options_.table.time_key));
        return false;
    }
    auto const value = values_[place];
    if (value != read_time_) {
        auto const time_ns = access_time_in_json(value);
        if (!time_ns) {
            why_ = fmt::format("no time: {} is not like 17/May/2015:08:05:32 +0000", quoted_for_reason(value));
            return false;
        }
        read_time_ = value;
        read_time_ns_ = *time_ns;
    }
    time_ns_ = read_time_ns_;
    return true;
}

void normalize::write(event_id id, std::size_t line_bytes, std::string& out) {
    auto const begin = out.size();
    out.resize_and_overwrite(begin + line_bytes + plan_.document_bytes_extra() + document_writer::block_bytes,
                             [&](char* data, std::size_t) {
                                 document_writer to{data + begin};
                                 to.put_blocks(plan_.open());
                                 std::size_t comma = 1;  // which the first has none of
                                 for (std::size_t i = 0; i < plan_.nested_count(); ++i) {
                                     if (values_[i].data() == nullptr) continue;
                                     to.put_blocks(std::string_view{plan_.keys()[i].prefix}.substr(comma));
                                     comma = 0;
                                     to.put_blocks(values_[i]);
                                 }
                                 auto const hash = hash_of(id);
                                 to.put_blocks(plan_.fields()[hash.pick(plan_.fields().size())]);
                                 hash.write_hex(to.put_room(id_hash::hex_bytes));
                                 if (time_ns_ != 0)
                                     to.put_blocks(time_text());
                                 else
                                     to.put(plan::before_time);
                                 to.put_blocks(plan_.added());
                                 for (auto const& extra : extras_.all()) {
                                     if (extra.prefix.empty()) {
                                         to.put(",\"");
                                         to.put(extra.key);
                                         to.put("\":");
                                     } else {
                                         to.put(extra.prefix);
                                     }
                                     to.put(extra.value);
                                 }
                                 to.put('}');
                                 return static_cast<std::size_t>(to.at() - data);
                             });
}

/// From the id's end to the time's, with room for a block behind.
std::string_view normalize::time_text() {
    if (time_ns_ != written_time_ns_) {
        document_writer to{written_time_.data()};
        to.put(plan::before_time);
        to.put(plan::before_iso_time);
        to.add_written(write_exact_iso_time(time_ns_, to.at()));
        to.put(plan::before_millis);
        to.put_number(std::chrono::floor<std::chrono::milliseconds>(std::chrono::nanoseconds{time_ns_}).count());
        written_time_bytes_ = static_cast<std::size_t>(to.at() - written_time_.data());
        written_time_ns_ = time_ns_;
    }
    return {written_time_.data(), written_time_bytes_};
}

stage_status normalize::status() const {
    stage_status now;
    now.name = stage_name;
    now.gauges = {{"documents_total", static_cast<double>(documents_.load(std::memory_order_relaxed))},
                  {"rejected_events_total", static_cast<double>(rejected_.load(std::memory_order_relaxed))}};
    return now;
}

}  // namespace

std::unique_ptr<transform> make_normalize(normalize_options options) {
    return std::make_unique<normalize>(std::move(options));
}

}  // namespace logpipe::formats
