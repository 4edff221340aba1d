#include "document_policy.hpp"

#include "core/assert.hpp"
#include "core/json_text.hpp"
#include "formats/metrics.hpp"
#include "id_facts.hpp"
#include "json/json_text.hpp"
#include "text/escapes.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace logpipe::formats {

namespace {

/// What a scalar means: of a text what is within the quotes, without escapes.
std::string_view text_of(std::string_view value, std::string& buffer) {
    if (!value.starts_with('"')) return value;
    auto const inside = value.substr(1, value.size() - 2);
    if (!inside.contains('\\')) return inside;
    buffer.clear();
    undo_escapes(inside, buffer);
    return buffer;
}

/// Of the member at a path, objects by dots; a name may hold dots itself.
std::optional<std::string_view> value_at(std::string_view object, std::string_view path) {
    json_members members{object};
    while (auto const member = members.next()) {
        if (member->name == path) return member->value;
        if (member->value.front() != '{' || path.size() <= member->name.size() || !path.starts_with(member->name) ||
            path[member->name.size()] != '.')
            continue;
        if (auto const found = value_at(member->value, path.substr(member->name.size() + 1))) return found;
    }
    return std::nullopt;
}

bool matches(drop_rule const& rule, std::string_view text) {
    return std::ranges::any_of(rule.texts, [&](std::string const& wanted) {
        switch (rule.test) {
            case rule_test::equals:
                return text == wanted;
            case rule_test::begins:
                return text.starts_with(wanted);
            case rule_test::contains:
                return text.contains(wanted);
        }
        return false;
    });
}

/// The same for an event however often it comes; apart from what else is made of the id.
bool is_sampled(event_id id, double keep) {
    constexpr std::uint64_t apart = 0x5bd1e9955bd1e995U;
    constexpr double units = 9007199254740992.0;  // 2^53, what a double holds exactly
    auto const hash = hash_of({.high = id.high ^ apart, .low = id.low});
    return static_cast<double>(hash.high >> 11U) < keep * units;
}

}  // namespace

document_policy::document_policy(mapping const& table, std::vector<std::string> keys)
    : rules_{table.rules}, dropped_(table.rules.size()), redactions_{table.redactions}, keys_{std::move(keys)} {
    for (std::size_t i = 0; i < redactions_.size(); ++i)
        LOGPIPE_ASSERT(redactions_[i].how != redaction_kind::hash || (i < keys_.size() && !keys_[i].empty()));
}

bool document_policy::keeps(event_id id, std::string_view document) {
    for (std::size_t i = 0; i < rules_.size(); ++i) {
        auto const& rule = rules_[i];
        std::optional<std::string_view> value;
        for (auto const& place : rule.places)
            if (value = value_at(document, place); value) break;
        if (!value || !matches(rule, text_of(*value, text_))) continue;
        if (is_sampled(id, rule.keep)) return true;
        dropped_[i].fetch_add(1, std::memory_order_relaxed);
        return false;
    }
    return true;
}

void document_policy::redact(std::string& documents, std::size_t begin) {
    redacted_.clear();
    copy_members(std::string_view{documents}.substr(begin), {}, redacted_);
    documents.replace(begin, std::string::npos, redacted_);
}

redaction const* document_policy::find(std::string_view path, bool is_object) const {
    auto const is_named = [path](std::string_view name) {
        return path.ends_with(name) && (path.size() == name.size() || path[path.size() - name.size() - 1] == '.');
    };
    for (auto const& each : redactions_) {
        // An object is a value only of the key that was named: its other names may be an object's that holds more.
        if (is_object ? is_named(each.field) : std::ranges::any_of(each.names, is_named)) return &each;
    }
    return nullptr;
}

void document_policy::copy_members(std::string_view object, std::string const& path, std::string& out) {
    out += '{';
    auto const begin = out.size();
    json_members members{object};
    while (auto const member = members.next()) {
        std::string name;
        undo_escapes(member->name, name);
        auto const whole = path.empty() ? name : path + '.' + name;
        bool const is_object = member->value.front() == '{';
        auto const* redacted = find(whole, is_object);
        if (redacted != nullptr && redacted->how == redaction_kind::drop) continue;
        if (out.size() > begin) out += ',';
        out.append(1, '"').append(member->name).append("\":");
        if (redacted != nullptr)
            write_redacted(*redacted, member->value, out);
        else if (is_object)
            copy_members(member->value, whole, out);
        else
            out += member->value;
    }
    out += '}';
}

void document_policy::write_redacted(redaction const& how, std::string_view value, std::string& out) {
    if (value == "null") {
        out += value;
        return;
    }
    auto const text = text_of(value, text_);
    auto const index = static_cast<std::size_t>(&how - redactions_.data());
    append_json_string(out, how.how == redaction_kind::hash ? keyed_hash(keys_[index], text) : masked(text));
}

void document_policy::add_metrics(std::vector<metric_value>& to) const {
    for (std::size_t i = 0; i < rules_.size(); ++i) {
        metric_value counted{metrics::dropped, dropped_[i]};
        counted.rule = rules_[i].name;
        to.push_back(std::move(counted));
    }
}

namespace {

bool is_under(mapped_field const& field, std::string const& key) {
    return std::ranges::find(field.keys, key) != field.keys.end() ||
           std::ranges::any_of(field.joined,
                               [&](auto const& names) { return std::ranges::find(names, key) != names.end(); });
}

/// A key of the line that no field has.
void add_key(std::string const& key, mapping const& table, std::vector<std::string>& to) {
    to.push_back(key);
    auto safe = key;
    std::ranges::replace(safe, '.', '_');
    if (safe != key) to.push_back(safe);
    to.push_back(safe + table.clash_suffix);
    if (!table.rest.empty())
        for (std::size_t i = 0, count = to.size(); i < count; ++i) to.push_back(table.rest + '.' + to[i]);
}

/// What is made of a key's text, and what it is made of, says the same.
void add_splits(document_mapping const& all, std::vector<std::string>& names) {
    auto const add = [&](std::string const& key) {
        if (key.empty() || std::ranges::find(names, key) != names.end()) return false;
        add_key(key, all.table, names);
        for (auto const& field : all.table.fields)
            if (is_under(field, key)) names.push_back(field.path);
        return true;
    };
    for (bool grew = true; grew;) {
        grew = false;
        for (auto const& split : all.table.splits) {
            auto const is_named = [&](std::string const& key) { return std::ranges::find(names, key) != names.end(); };
            if (std::ranges::any_of(split.keys, is_named))
                for (auto const& key : split.into) grew = add(key) || grew;
            if (std::ranges::any_of(split.into, is_named))
                for (auto const& key : split.keys) grew = add(key) || grew;
        }
    }
}

schema_field const* document_field(std::string const& field, document_mapping const& all) {
    auto const& fields = all.documents.fields;
    auto found = std::ranges::find(fields, field, &schema_field::name);
    if (found == fields.end()) found = std::ranges::find(fields, field, &schema_field::path);
    return found == fields.end() ? nullptr : &*found;
}

}  // namespace

std::vector<std::string> places_of(std::string const& field, document_mapping const& all) {
    if (auto const* found = document_field(field, all)) return {found->path};
    std::vector<std::string> places;
    for (auto const& each : all.table.fields)
        if (std::ranges::find(each.keys, field) != each.keys.end()) places.push_back(each.path);
    add_key(field, all.table, places);
    return places;
}

std::vector<std::string> names_of(std::string const& field, document_mapping const& all) {
    std::vector<std::string> names;
    if (auto const* found = document_field(field, all)) {
        names.push_back(found->path);
        auto const made = std::ranges::find(all.table.fields, found->path, &mapped_field::path);
        if (made != all.table.fields.end()) {
            for (auto const& key : made->keys) add_key(key, all.table, names);
            for (auto const& keys : made->joined)
                for (auto const& key : keys) add_key(key, all.table, names);
        }
    }
    for (auto const& each : all.table.fields)
        if (is_under(each, field)) names.push_back(each.path);
    add_key(field, all.table, names);
    add_splits(all, names);
    return names;
}

}  // namespace logpipe::formats
