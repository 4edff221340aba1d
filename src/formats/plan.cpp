#include "plan.hpp"

#include "core/clock.hpp"
#include "core/json_text.hpp"
#include "document_writer.hpp"
#include "id_facts.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace logpipe::formats {

namespace {

[[nodiscard]] std::string json_text(std::string_view text) {
    std::string out;
    append_json_string(out, text);
    return out;
}

/// A comma that comes first in an object is left out.
void append(std::string& to, std::string_view bytes) {
    to += bytes.substr(to.ends_with('{') && bytes.starts_with(',') ? 1 : 0);
}

/// For what is copied in blocks.
void make_room_for_a_block(std::string& text) {
    text.reserve(text.size() + document_writer::block_bytes);
}

}  // namespace

bool is_foreign(std::string_view name) noexcept {
    return name.empty() || name.front() == '_' || name.contains('.');
}

std::string member_begin(std::string_view name) {
    return fmt::format(",{}:", json_text(name));
}

std::vector<std::string_view> names_in(std::string_view path) {
    std::vector<std::string_view> names;
    for (std::size_t begin = 0; begin <= path.size();) {
        auto const end = std::min(path.find('.', begin), path.size());
        names.push_back(path.substr(begin, end - begin));
        begin = end + 1;
    }
    return names;
}

namespace {

/// Which of the buckets a key is looked for in.
[[nodiscard]] std::size_t bucket_of(std::string_view text) noexcept {
    return text.empty() ? 0
                        : (text.size() * 31 + static_cast<unsigned char>(text.front()) * 5U +
                           static_cast<unsigned char>(text.back()) * 13U) %
                              256;
}

}  // namespace

plan::plan(mapping const& table) {
    add_keys(table);
    index_keys();
    add_steps(table);
    skip_optional_fields();
    if (!table.rest.empty()) rest_open_ = member_begin(table.rest) + "{";
    measure();
}

void plan::add_key(std::string const& text, key_role role) {
    // A key has one role: the first that the mapping gives it.
    if (std::ranges::find(keys_, text, &known_key::text) != keys_.end()) return;
    bool const clashes = std::ranges::find(own_names_, text) != own_names_.end();
    known_key key;
    key.text = text;
    key.match = json_text(text).substr(1);
    key.role = role;
    key.output = clashes ? text + clash_suffix_ : text;
    key.prefix = member_begin(key.output);
    key.match_begin = short_prefix{key.match};
    keys_.push_back(std::move(key));
}

std::size_t plan::add_slot(std::vector<std::string> const& keys, known_key const& like, conversion of_first) {
    auto const slot = slots_count_++;
    for (std::size_t rank = 0; rank < keys.size(); ++rank) {
        if (keys[rank].contains('.')) open_object(keys[rank], like.role);
        add_key(keys[rank], like.role);
        auto& key = *std::ranges::find(keys_, keys[rank], &known_key::text);
        if (key.slot != known_key::no_slot) continue;
        key.slot = slot;
        key.rank = rank;
        key.convert = rank == 0 ? of_first : like.convert;
        key.is_scalar = like.is_scalar;
        key.is_optional = like.is_optional;
    }
    return slot;
}

/// "a.b" is looked for within the object `a`.
void plan::open_object(std::string const& text, key_role role) {
    std::string const name{names_in(text).front()};
    add_key(name, role == key_role::dropped ? key_role::dropped : key_role::rest);
    std::ranges::find(keys_, name, &known_key::text)->opens = true;
}

void plan::add_field_keys(mapping const& table) {
    for (auto const& field : table.fields) {
        if (field.from != field_source::line) continue;
        known_key like;
        like.convert = field.convert_others;
        like.is_scalar = field.scalar;
        like.is_optional = field.optional;
        auto const slot = add_slot(field.keys, like, field.convert);
        if (field.joined.empty()) continue;
        like.role = key_role::part;
        like.convert = conversion::none;
        like.is_scalar = true;
        joined_field joined{.slot = slot, .parts = {}};
        for (auto const& names : field.joined) joined.parts.push_back(add_slot(names, like, conversion::none));
        joined_.push_back(std::move(joined));
    }
}

void plan::add_splits(mapping const& table) {
    auto const find = [this](std::string const& text) { return std::ranges::find(keys_, text, &known_key::text); };
    known_key like;
    like.role = key_role::part;
    like.is_scalar = true;
    like.is_optional = true;
    // A part may be split as well: first what is split gets its place, then what comes of it.
    for (auto const& each : table.splits) {
        auto const source = find(each.keys.front());
        bool const is_field = source != keys_.end() && source->slot != known_key::no_slot;
        auto const slot = is_field ? source->slot : add_slot(each.keys, like, conversion::none);
        splits_.push_back({.slot = slot, .is_field = is_field, .by = each.by, .into = {}});
    }
    // The name may be an object's as well; what is split is not kept.
    for (auto const& each : table.splits)
        for (auto const& text : each.keys)
            if (auto const key = find(text); key->role == key_role::rest) key->role = key_role::part;
    for (std::size_t i = 0; i < splits_.size(); ++i) {
        for (auto const& name : table.splits[i].into) {
            if (!name.empty()) add_key(name, table.drops_rest ? key_role::dropped : key_role::rest);
            splits_[i].into.push_back(name.empty() ? none : static_cast<std::size_t>(find(name) - keys_.begin()));
        }
    }
}

void plan::add_keys(mapping const& table) {
    // Under an object of their own the line's keys meet nobody.
    if (!table.drops_rest && table.rest.empty())
        for (auto const& field : table.fields) own_names_.emplace_back(names_in(field.path).front());
    clash_suffix_ = table.clash_suffix;
    // Roles come before the objects that are opened: their names may be the same.
    for (auto const& field : table.fields)
        for (auto const& key : field.keys)
            if (!key.contains('.')) add_key(key, key_role::mapped);
    for (auto const& key : table.dropped) add_key(key, key_role::dropped);
    for (auto const& name : own_names_) add_key(name, key_role::own);
    add_field_keys(table);
    add_splits(table);
    known_key like;
    like.is_scalar = true;
    like.role = table.drops_rest ? key_role::dropped : key_role::rest;
    if (!table.time_keys.empty()) time_slot_ = add_slot(table.time_keys, like, conversion::none);
    if (!table.within.empty()) within_slot_ = add_slot(table.within, like, conversion::none);
    for (auto const& name : table.objects) {
        open_object(name, like.role);
        std::ranges::find(keys_, name, &known_key::text)->is_transparent = true;
    }
}

void plan::skip_optional_fields() {
    auto const is_optional = [this](plan_step const& step) {
        auto const key = std::ranges::find(keys_, step.index, &known_key::slot);
        return step.what == plan_step::kind::value && key != keys_.end() && key->is_optional;
    };
    for (auto begin = steps_.begin(); begin != steps_.end(); ++begin) {
        auto const end = std::find_if_not(begin, steps_.end(), is_optional);
        auto const count = end - begin;
        if (count < 2) continue;
        plan_step skip{.what = plan_step::kind::skip, .bytes = {}, .choices = {}, .parts = {}};
        skip.index = static_cast<std::size_t>(count);
        begin = steps_.insert(begin, std::move(skip)) + count;
    }
}

void plan::index_keys() {
    // There is always one that may come next, even if it never does.
    if (keys_.empty()) add_key("\x01", key_role::rest);
    for (auto& key : keys_) {
        bool const goes_nowhere_else = key.role == key_role::mapped || key.role == key_role::dropped;
        bool const is_simple = key.slot != known_key::no_slot && goes_nowhere_else && !key.is_optional;
        key.is_simple = is_simple && key.convert == conversion::none;
        key.makes_numbers =
            is_simple && (key.convert == conversion::to_number || key.convert == conversion::to_numbers);
        key.is_foreign = key.role != key_role::own && is_foreign(key.output);
        make_room_for_a_block(key.prefix);
    }
    for (std::size_t i = 0; i < keys_.size(); ++i)
        buckets_[bucket_of(keys_[i].text)].push_back(static_cast<std::uint16_t>(i));
}

void plan::add_steps(mapping const& table) {
    std::vector<std::string_view> open;  // the objects that the document is in
    for (auto const& field : table.fields) {
        auto names = names_in(field.path);
        auto const name = names.back();
        names.pop_back();
        auto const same = std::ranges::mismatch(open, names).in1 - open.begin();
        for (auto left = std::ssize(open) - same; left > 0; --left) add_text("}");
        for (auto each = names.begin() + same; each != names.end(); ++each) add_text(member_begin(*each) + "{");
        open = std::move(names);
        add_step(field, name);
    }
    for (std::size_t left = open.size(); left > 0; --left) add_text("}");
}

void plan::add_step(mapped_field const& field, std::string_view name) {
    auto const begin = member_begin(name);
    switch (field.from) {
        case field_source::line: {
            bool const as_text = field.convert == conversion::to_text;
            auto& step = begin_step(as_text ? plan_step::kind::text_value : plan_step::kind::value);
            step.bytes = begin;
            step.index = keys_[find(field.keys.front())].slot;
            return;
        }
        case field_source::constant:
            return add_text(begin + json_text(field.constant));
        case field_source::choice: {
            // What stands before it goes along: one copy instead of two.
            std::string before;
            if (!steps_.empty() && steps_.back().what == plan_step::kind::text) {
                before = std::move(steps_.back().bytes);
                steps_.pop_back();
            }
            auto& step = begin_step(plan_step::kind::choice);
            for (auto const& choice : field.choices) {
                step.choices.push_back(before);
                append(step.choices.back(), begin + json_text(choice));
            }
            return;
        }
        case field_source::id:
            add_text(begin + "\"");
            begin_step(plan_step::kind::id);
            return add_text("\"");
        case field_source::time:
        case field_source::time_millis:
            times_step().parts.push_back({.what = field.from, .bytes = begin});
            return;
    }
}

void plan::add_text(std::string_view bytes) {
    using enum plan_step::kind;
    auto const last = steps_.empty() ? value : steps_.back().what;
    if (last == text) {
        append(steps_.back().bytes, bytes);
    } else if (last == choice) {
        for (auto& each : steps_.back().choices) append(each, bytes);
    } else if (last == times) {
        steps_.back().parts.push_back({.what = field_source::constant, .bytes = std::string{bytes}});
    } else {
        begin_step(text).bytes = bytes;
    }
}

plan_step& plan::begin_step(plan_step::kind what) {
    steps_.push_back({.what = what, .bytes = {}, .choices = {}, .parts = {}});
    return steps_.back();
}

plan_step& plan::times_step() {
    if (!steps_.empty() && steps_.back().what == plan_step::kind::times) return steps_.back();
    std::string before;
    if (!steps_.empty() && steps_.back().what == plan_step::kind::text) {
        before = std::move(steps_.back().bytes);
        steps_.pop_back();
    }
    auto& step = begin_step(plan_step::kind::times);
    step.index = times_count_++;
    if (!before.empty()) step.parts.push_back({.what = field_source::constant, .bytes = std::move(before)});
    return step;
}

void plan::measure() {
    constexpr std::size_t millis_bytes_max = 20;
    constexpr std::size_t quotes = 2;
    document_bytes_extra_ = quotes + rest_open_.size() + 1;
    for (auto& step : steps_) {
        document_bytes_extra_ += step.bytes.size() + quotes + id_hash::hex_bytes;
        std::size_t longest = 0;
        for (auto& choice : step.choices) {
            longest = std::max(longest, choice.size());
            make_room_for_a_block(choice);
        }
        for (auto& part : step.parts) {
            document_bytes_extra_ += part.bytes.size() + exact_iso_time_bytes_max + quotes + millis_bytes_max;
            make_room_for_a_block(part.bytes);
        }
        document_bytes_extra_ += longest;
        make_room_for_a_block(step.bytes);
    }
}

std::size_t plan::find(std::string_view text) const noexcept {
    for (auto const i : buckets_[bucket_of(text)])
        if (keys_[i].text == text) return i;
    return none;
}

}  // namespace logpipe::formats
