#include "line_mapper.hpp"

#include "json/json_text.hpp"
#include "quoted.hpp"
#include "text/escapes.hpp"
#include "text/lists.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace logpipe::formats {

namespace {

[[nodiscard]] bool is_text(std::string_view value) noexcept {
    return value.size() >= 2 && value.front() == '"';
}

[[nodiscard]] bool has_object(std::string_view value) noexcept {
    return value.front() == '{' || (value.front() == '[' && value.contains('{'));
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

}  // namespace

line_mapper::line_mapper(plan const& mapping, normalize_options const& options)
    : plan_{mapping},
      table_{options.table},
      reader_{options.table.format, options.strict_lines, options.file_formats},
      inner_reader_{options.table.format, options.strict_lines},
      fields_{mapping.slots_count()},
      wrapper_{mapping.slots_count()},
      next_(mapping.keys().size() + 1, 0) {}

bool line_mapper::read(std::string_view line, std::string_view stream, std::string& reason) {
    reason_ = &reason;
    made_.clear();
    is_unwrapped_ = false;
    if (!read_with(reader_, line)) return false;
    if (fields_.known == 0 && reader_.is_json() && plan_.within_slot() != plan::none &&
        is_text(fields_.values[plan_.within_slot()]))
        unwrap(stream);
    return true;
}

/// Each key of each line comes by here: a call would cost as much as what it does.
[[gnu::always_inline]] inline std::size_t line_mapper::known(line_reader const& reader, char const* key) {
    if (auto const index = next_[previous_]; plan_.is(index, key)) [[likely]]
        return previous_ = index;
    return search(reader, key);
}

[[gnu::always_inline]] inline bool line_mapper::take(line_reader const& reader, char const* key,
                                                     std::string_view value) {
    auto const index = known(reader, key);
    if (index == plan::none) return add_to_rest(reader.text(key), reader.raw_text(key), value);
    auto const& wanted = plan_.keys()[index];
    bool const is_simple = wanted.is_simple || (wanted.makes_numbers && value.front() != '"');
    if (!is_simple || value.front() == '{' || value.front() == '[') return take_known(index, value);
    auto& slot = fields_.values[wanted.slot];
    if (slot.data() != nullptr) return take_known(index, value);
    slot = value;
    fields_.keys[wanted.slot] = index;
    fields_.known += wanted.role == key_role::mapped ? 1 : 0;
    return true;
}

bool line_mapper::read_with(line_reader& reader, std::string_view line) {
    fields_.clear();
    previous_ = plan_.keys().size();
    if (!pod_.empty() && &reader == &reader_ && !add_pod()) return false;
    return reader.read(line, *reason_,
                       [&] [[gnu::always_inline]] (char const* key, std::string_view value) {
                           return take(reader, key, value);
                       }) &&
           (plan_.splits().empty() || split_texts()) && (fields_.parts == 0 || join_parts());
}

std::size_t line_mapper::search(line_reader const& reader, char const* key) {
    auto const index = plan_.find(reader.text(key));
    if (index != plan::none) previous_ = next_[previous_] = index;
    return index;
}

bool line_mapper::take_known(std::size_t index, std::string_view value) {
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

bool line_mapper::fill(std::size_t index, std::string_view value, bool is_nested) {
    auto const& key = plan_.keys()[index];
    auto& slot = fields_.values[key.slot];
    bool const is_field = key.role <= key_role::part;
    if (slot.data() != nullptr) {
        auto const& other = plan_.keys()[fields_.keys[key.slot]];
        if (other.text == key.text) {
            *reason_ = fmt::format("duplicate key {}", quoted_for_reason(key.text));
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
    fields_.optional += key.is_optional ? 1 : 0;
    fields_.parts += key.role == key_role::part ? 1 : 0;
    return true;
}

bool line_mapper::take_members(std::string const& path, std::string_view object) {
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

/// As if the line had it, first of all: what mapping and rules say of such a member holds. One of the line's own gets
/// another name, so that no pod can pass for another.
bool line_mapper::add_pod() {
    if (auto const index = plan_.find(pod_member); index != plan::none) return take_known(index, pod_);
    if (table_.drops_rest) return true;
    return add_renamed(std::string{pod_member}, pod_);
}

bool line_mapper::add_to_rest(std::string_view name, std::string_view raw_name, std::string_view value) {
    if (table_.drops_rest) return true;
    if (!pod_.empty() && name == pod_member) return add_renamed(std::string{name} + table_.clash_suffix, value);
    if (!is_foreign(name)) [[likely]]
        return fields_.extras.add({.name = name, .prefix = {}, .key = raw_name, .value = value}, *reason_);
    std::string safe{name};
    std::ranges::replace(safe, '.', '_');
    if (safe.empty() || safe.front() == '_') safe += table_.clash_suffix;
    return add_renamed(std::move(safe), value);
}

bool line_mapper::add_renamed(std::string name, std::string_view value) {
    auto& made = made_.add();
    made = member_begin(name);
    auto const prefix = made_texts::view(made);
    auto& stored = made_.add();
    stored = std::move(name);
    return fields_.extras.add({.name = stored, .prefix = prefix, .key = {}, .value = value}, *reason_);
}

bool line_mapper::add_key_to_rest(known_key const& key, std::string_view value) {
    if (table_.drops_rest) return true;
    if (key.is_foreign) return add_to_rest(key.text, {}, value);
    return fields_.extras.add({.name = key.output, .prefix = key.prefix, .key = {}, .value = value}, *reason_);
}

std::string line_mapper::note() const {
    auto const outer = reader_.note();
    auto const inner = inner_reader_.note();
    return outer.empty() || inner.empty() ? outer + inner : outer + ", " + inner;
}

std::size_t line_mapper::summed_bytes() const noexcept {
    constexpr std::size_t around = 4;  // a comma, quotes and a colon
    std::size_t bytes = 0;
    for (auto const& value : fields_.values) bytes += value.size();
    for (auto const& extra : fields_.extras.all())
        bytes += extra.prefix.size() + extra.key.size() + extra.value.size() + around;
    return bytes;
}

std::string_view line_mapper::converted(conversion to, std::string_view value) {
    if (to == conversion::to_list && is_text(value)) {
        auto& made = made_.add();
        append_list(value, made);
        return made_texts::view(made);
    }
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

bool line_mapper::join_parts() {
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
void line_mapper::unwrap(std::string_view stream) {
    inner_line_.clear();
    undo_escapes(inside(fields_.values[plan_.within_slot()]), inner_line_);
    while (inner_line_.ends_with('\n') || inner_line_.ends_with('\r')) inner_line_.pop_back();
    inner_line_.reserve(inner_line_.size() + line_reader::padding_bytes);
    begin_inner_stream(stream);
    std::swap(fields_, wrapper_);
    is_unwrapped_ = read_with(inner_reader_, inner_line_) && fields_.known > 0 && merge_wrapper(wrapper_);
    if (!is_unwrapped_) std::swap(fields_, wrapper_);
}

/// A tag may be that of many containers.
void line_mapper::begin_inner_stream(std::string_view stream) {
    std::string_view source;
    for (auto const& each : fields_.extras.all())
        if (is_text(each.value) && std::ranges::find(table_.streams, each.name) != table_.streams.end()) {
            source = inside(each.value);
            break;
        }
    if (has_inner_stream_ && source == inner_source_) return;
    has_inner_stream_ = true;
    inner_source_ = source;
    inner_reader_.begin_stream(source.empty() ? std::string{stream} : fmt::format("{} {}", stream, source));
}

bool line_mapper::merge_wrapper(line_fields const& wrapper) {
    auto const& within = plan_.keys()[wrapper.keys[plan_.within_slot()]];
    for (auto const& each : wrapper.extras.all()) {
        if (each.name == within.output) continue;
        bool const is_added = fields_.extras.has(each.name)
                                  ? add_renamed(std::string{each.name} + "_envelope", each.value)
                                  : fields_.extras.add(each, *reason_);
        if (!is_added) return false;
    }
    auto const time = plan_.time_slot();
    if (time != plan::none && fields_.values[time].data() == nullptr) {
        fields_.values[time] = wrapper.values[time];
        fields_.keys[time] = wrapper.keys[time];
    }
    return true;
}

}  // namespace logpipe::formats
