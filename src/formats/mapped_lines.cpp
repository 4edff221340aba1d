#include "mapped_lines.hpp"

#include "core/assert.hpp"
#include "core/log.hpp"
#include "id_facts.hpp"
#include "json/json_text.hpp"
#include "line_time.hpp"
#include "quoted.hpp"
#include "text/escapes.hpp"

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

[[nodiscard]] bool is_text(std::string_view value) noexcept {
    return value.size() >= 2 && value.front() == '"';
}

[[nodiscard]] bool has_object(std::string_view value) noexcept {
    return value.front() == '{' || (value.front() == '[' && value.contains('{'));
}

/// What stands between the quotes of a JSON text.
[[nodiscard]] std::string_view inside(std::string_view text) noexcept {
    return text.substr(1, text.size() - 2);
}

/// "0.001, 0.002 : -" as a list; a text with no comma or colon stays what it is.
void append_numbers(std::string_view text, std::string& out) {
    out += '[';
    while (true) {
        auto const begin = std::min(text.find_first_not_of(" ,:"), text.size());
        text.remove_prefix(begin);
        if (text.empty()) break;
        auto const each = text.substr(0, std::min(text.find_first_of(" ,:"), text.size()));
        if (out.size() > 1) out += ',';
        out += is_json_scalar(each) ? each : "null";
        text.remove_prefix(each.size());
    }
    out += ']';
}

/// A name of the line's that OpenSearch would take for something else: a dot for an object, which may be a field of the
/// document, and names with _ in front for its own.
[[nodiscard]] bool is_foreign(std::string_view name) noexcept {
    return name.empty() || name.front() == '_' || name.contains('.');
}

}  // namespace

mapped_lines::mapped_lines(normalize_options options)
    : options_{std::move(options)},
      plan_{options_.table},
      reader_{options_.table.format, options_.strict_lines},
      inner_reader_{options_.table.format, options_.strict_lines},
      fields_{plan_.slots_count()},
      wrapper_{plan_.slots_count()},
      next_(plan_.keys().size() + 1, 0),
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
        if (row.tag != tag) reader_.begin_stream(events.tags[tag = row.tag]);
        auto const line = events.record(row);
        if (!read(line, events.tags[tag]) || !find_time(row)) {
            events.reject(i, normalize_stage, reason_);
            ++counts.rejected;
            continue;
        }
        auto const begin = events.documents.size();
        write(row.id, events.documents);
        LOGPIPE_ASSERT(events.documents.size() <= std::numeric_limits<std::uint32_t>::max());
        row.document_begin = static_cast<std::uint32_t>(begin);
        row.document_bytes = static_cast<std::uint32_t>(events.documents.size() - begin);
        count(line, counts);
    }
    events.transformed = true;
    documents_.fetch_add(counts.documents, std::memory_order_relaxed);
    rejected_.fetch_add(counts.rejected, std::memory_order_relaxed);
    raw_.fetch_add(counts.raw, std::memory_order_relaxed);
    without_fields_.fetch_add(counts.without_fields, std::memory_order_relaxed);
    repaired_.fetch_add(counts.repaired, std::memory_order_relaxed);
    unwrapped_.fetch_add(counts.unwrapped, std::memory_order_relaxed);
}

void mapped_lines::count(std::string_view line, tally& counts) {
    ++counts.documents;
    if (repairs_of_line() != repair::none) ++counts.repaired;
    if (is_unwrapped_) ++counts.unwrapped;
    if (fields_.known > 0 || options_.table.fields.empty()) return;
    if (reader_.is_raw()) ++counts.raw;
    ++counts.without_fields;
    warn_of(line);
}

void mapped_lines::warn_of(std::string_view line) {
    ++unsaid_;
    auto const now = std::chrono::steady_clock::now();
    if (now < next_warning_) return;
    next_warning_ = now + std::chrono::minutes{1};
    log_warn("normalize: {} lines without any field that the mapping {} knows, such as {}; --format, --mapping or check "
             "--line may help",
             std::exchange(unsaid_, 0), options_.table.name, quoted_for_reason(line));
}

bool mapped_lines::read(std::string_view line, std::string_view stream) {
    if (line.size() > options_.line_bytes_max) {
        reason_ = fmt::format("{} bytes long; at most {} are allowed", line.size(), options_.line_bytes_max);
        return false;
    }
    made_.clear();
    is_unwrapped_ = false;
    if (!read_with(reader_, line)) return false;
    if (fields_.known == 0 && reader_.is_json() && plan_.within_slot() != plan::none &&
        is_text(fields_.values[plan_.within_slot()]))
        unwrap(stream);
    return true;
}

bool mapped_lines::read_with(line_reader& reader, std::string_view line) {
    fields_.clear();
    previous_ = plan_.keys().size();
    return reader.read(line, reason_, [&](char const* key, std::string_view value) {
        return take(reader, key, value);
    }) && (plan_.joined().empty() || join_parts());
}

bool mapped_lines::take(line_reader const& reader, char const* key, std::string_view value) {
    auto const index = known(reader, key);
    if (index == plan::none) return add_to_rest(reader.text(key), line_reader::raw_text(key), value);
    return take_known(index, value);
}

bool mapped_lines::take_known(std::size_t index, std::string_view value) {
    auto const& key = plan_.keys()[index];
    if (key.opens && value.front() == '{') {
        if (!take_members(key.is_transparent ? std::string{} : key.text + '.', value)) return false;
        return key.role == key_role::dropped || add_key_to_rest(key, value);
    }
    bool const is_value = key.slot != known_key::no_slot && !(key.is_scalar && has_object(value));
    if (is_value && !fill(index, value, false)) return false;
    if (!is_value && key.role <= key_role::part) return add_key_to_rest(key, value);
    if (key.role <= key_role::dropped) return true;
    return add_key_to_rest(key, value);
}

bool mapped_lines::fill(std::size_t index, std::string_view value, bool is_nested) {
    auto const& key = plan_.keys()[index];
    auto& slot = fields_.values[key.slot];
    bool const is_field = key.role <= key_role::part;
    if (slot.data() != nullptr) {
        auto const& other = plan_.keys()[fields_.keys[key.slot]];
        if (other.text == key.text) {
            reason_ = fmt::format("duplicate key {}", quoted_for_reason(key.text));
            return false;
        }
        bool const is_better = key.rank < other.rank;
        auto const& left_over = is_better ? other : key;
        auto const left_over_value = is_better ? slot : value;
        if (is_better) {
            slot = converted(key.convert, value);
            fields_.keys[key.slot] = index;
        }
        return !is_field || is_nested || add_key_to_rest(left_over, left_over_value);
    }
    slot = key.convert == conversion::none ? value : converted(key.convert, value);
    fields_.keys[key.slot] = index;
    fields_.known += is_field && !key.is_optional ? 1 : 0;
    return true;
}

bool mapped_lines::take_members(std::string const& path, std::string_view object) {
    json_members members{object};
    while (auto const member = members.next()) {
        auto value = member->value;
        auto const whole = path + std::string{member->name};
        if (value.front() == '{') {
            if (!take_members(whole + '.', value)) return false;
            continue;
        }
        auto const index = plan_.find(whole);
        if (index == plan::none || plan_.keys()[index].slot == known_key::no_slot) continue;
        // A header that may be given often is a list of one.
        if (value.front() == '[') value = only_element(value);
        if (!value.empty() && !has_object(value) && !fill(index, value, true)) return false;
    }
    return true;
}

bool mapped_lines::add_to_rest(std::string_view name, std::string_view raw_name, std::string_view value) {
    if (options_.table.drops_rest) return true;
    if (!is_foreign(name)) [[likely]]
        return fields_.extras.add({.name = name, .prefix = {}, .key = raw_name, .value = value}, reason_);
    std::string safe{name};
    std::ranges::replace(safe, '.', '_');
    if (safe.empty() || safe.front() == '_') safe += options_.table.clash_suffix;
    auto& prefix = made_.add();
    prefix = member_begin(safe);
    auto& stored = made_.add();
    stored = safe;
    return fields_.extras.add({.name = stored, .prefix = prefix, .key = {}, .value = value}, reason_);
}

bool mapped_lines::add_key_to_rest(known_key const& key, std::string_view value) {
    if (options_.table.drops_rest) return true;
    if (key.role != key_role::own && is_foreign(key.output)) return add_to_rest(key.text, {}, value);
    return fields_.extras.add({.name = key.output, .prefix = key.prefix, .key = {}, .value = value}, reason_);
}

std::size_t mapped_lines::known(line_reader const& reader, char const* key) {
    if (plan_.keys().empty()) return plan::none;
    auto index = next_[previous_];
    if (!plan_.is(index, key)) {
        index = plan_.find(reader.text(key));
        if (index == plan::none) return index;
        next_[previous_] = index;
    }
    previous_ = index;
    return index;
}

std::string_view mapped_lines::converted(conversion to, std::string_view value) {
    if (to == conversion::to_number || to == conversion::to_numbers) {
        auto const number = number_in(value);
        bool const is_list = to == conversion::to_numbers && number.size() == value.size() && is_text(value) &&
                             inside(value).find_first_of(",:") != std::string_view::npos;
        if (!is_list) return number;
        auto& made = made_.add();
        append_numbers(inside(value), made);
        return made_texts::view(made);
    }
    return value;
}

bool mapped_lines::join_parts() {
    for (auto const& field : plan_.joined()) {
        auto const value_of = [&](std::size_t part) { return fields_.values[field.parts[part]]; };
        bool const joins = fields_.values[field.slot].data() == nullptr && is_text(value_of(0)) && is_text(value_of(1));
        std::string* const made = joins ? &made_.add() : nullptr;
        if (joins) *made = "\"";
        for (std::size_t part = 0; part < field.parts.size(); ++part) {
            auto const value = value_of(part);
            if (value.data() == nullptr) continue;
            if (joins && is_text(value)) {
                if (part > 0) *made += ' ';
                *made += inside(value);
            } else if (auto const& key = plan_.keys()[fields_.keys[field.parts[part]]];
                       !key.text.contains('.') && !add_key_to_rest(key, value)) {
                return false;
            }
        }
        if (!joins) continue;
        *made += '"';
        fields_.values[field.slot] = made_texts::view(*made);
    }
    return true;
}

/// The line that another program put into a JSON object is the event; what else the object holds stays beside it. Where
/// the text within has none of the fields either, the line stays as it is.
void mapped_lines::unwrap(std::string_view stream) {
    inner_line_.clear();
    undo_escapes(inside(fields_.values[plan_.within_slot()]), inner_line_);
    while (inner_line_.ends_with('\n') || inner_line_.ends_with('\r')) inner_line_.pop_back();
    inner_line_.reserve(inner_line_.size() + line_reader::padding_bytes);
    inner_reader_.begin_stream(stream);
    std::swap(fields_, wrapper_);
    auto const reason = std::exchange(reason_, {});
    is_unwrapped_ = read_with(inner_reader_, inner_line_) && fields_.known > 0 && merge_wrapper(wrapper_);
    if (!is_unwrapped_) std::swap(fields_, wrapper_);
}

bool mapped_lines::merge_wrapper(line_fields const& wrapper) {
    auto const& within = plan_.keys()[wrapper.keys[plan_.within_slot()]];
    for (auto const& each : wrapper.extras.all()) {
        if (each.name == within.output) continue;
        if (!fields_.extras.has(each.name)) {
            if (!fields_.extras.add(each, reason_)) return false;
            continue;
        }
        auto& name = made_.add();
        name.append(each.name).append("_envelope");
        auto& prefix = made_.add();
        prefix = member_begin(name);
        if (!fields_.extras.add({.name = name, .prefix = prefix, .key = {}, .value = each.value}, reason_))
            return false;
    }
    auto const time = plan_.time_slot();
    if (time != plan::none && fields_.values[time].data() == nullptr) fields_.values[time] = wrapper.values[time];
    return true;
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
    }
    return false;
}

bool mapped_lines::find_time_in_line() {
    auto const slot = plan_.time_slot();
    if (slot == plan::none || fields_.values[slot].data() == nullptr) {
        reason_ = options_.table.time_keys.empty() ? std::string{"no time: the mapping names no key for it"}
                                                   : fmt::format("no time: the key {} is missing",
                                                                 quoted_for_reason(options_.table.time_keys.front()));
        return false;
    }
    auto const value = fields_.values[slot];
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

repair mapped_lines::repairs_of_line() const noexcept {
    return is_unwrapped_ ? reader_.repairs() | inner_reader_.repairs() : reader_.repairs();
}

std::size_t mapped_lines::values_bytes() const noexcept {
    constexpr std::size_t around = 4;  // a comma, quotes and a colon
    std::size_t bytes = 0;
    for (auto const& value : fields_.values) bytes += value.size();
    for (auto const& extra : fields_.extras.all())
        bytes += extra.prefix.size() + extra.key.size() + extra.value.size() + around;
    return bytes;
}

void mapped_lines::write(event_id id, std::string& out) {
    auto const begin = out.size();
    auto const capacity =
        values_bytes() + plan_.document_bytes_extra() + repairs_text_bytes_max + document_writer::block_bytes;
    out.resize_and_overwrite(begin + capacity, [&](char* data, std::size_t) {
        document_writer to{data + begin};
        to.put('{');
        write_steps(id, to);
        if (!fields_.extras.all().empty()) write_rest(to);
        if (auto const repairs = repairs_of_line(); repairs != repair::none)
            to.put_member(repairs_texts[static_cast<std::size_t>(repairs)]);
        to.put('}');
        return static_cast<std::size_t>(to.at() - data);
    });
}

void mapped_lines::write_steps(event_id id, document_writer& to) {
    auto const hash = hash_of(id);
    for (auto const& step : plan_.steps()) {
        switch (step.what) {
            using enum plan_step::kind;
            case value:
                if (fields_.values[step.index].data() == nullptr) break;
                to.put_member_blocks(step.bytes);
                to.put_blocks(fields_.values[step.index]);
                break;
            case text_value:
                if (fields_.values[step.index].data() == nullptr) break;
                to.put_member_blocks(step.bytes);
                if (bool const quotes = needs_quotes(fields_.values[step.index]); quotes) {
                    to.put('"');
                    to.put_blocks(fields_.values[step.index]);
                    to.put('"');
                } else {
                    to.put_blocks(fields_.values[step.index]);
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
}

void mapped_lines::write_rest(document_writer& to) const {
    to.put_member(plan_.rest_open());
    for (auto const& extra : fields_.extras.all()) {
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
std::string_view mapped_lines::times_of(plan_step const& step) {
    auto& known = times_[step.index];
    if (known.is_written && known.time_ns == time_ns_) return known.bytes;
    write_times(step, time_ns_, known.bytes);
    known.time_ns = time_ns_;
    known.is_written = true;
    return known.bytes;
}

stage_status mapped_lines::status() const {
    stage_status now;
    now.name = normalize_stage;
    now.target = reader_.note();
    now.metrics = {
        {metrics::rejected, rejected_}, {metrics::documents, documents_}, {metrics::without_fields, without_fields_},
        {metrics::raw, raw_},           {metrics::repaired, repaired_},   {metrics::unwrapped, unwrapped_}};
    return now;
}

}  // namespace logpipe::formats
