#include "policy_reader.hpp"

#include "core/json_text.hpp"
#include "document_policy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <string_view>

namespace logpipe::formats {

namespace {

// In the order of the enumerations.
constexpr std::array<std::string_view, 3> kind_words{"drop", "mask", "hash"};
constexpr std::array<std::string_view, 3> test_words{"equals", "begins", "contains"};

/// Stores and indices expect values of a field's type.
std::string fault_of_kind(redaction const& made, schema const& documents) {
    for (auto const& field : documents.fields) {
        if (std::ranges::find(made.names, field.path) == made.names.end()) continue;
        bool const fits = made.how == redaction_kind::drop || field.type == field_type::text ||
                          (made.how == redaction_kind::mask && field.type == field_type::ip);
        if (!fits)
            return fmt::format(
                "\"{}\" makes a text, which the field {} cannot be by its type: drop it, or let its "
                "type be text",
                kind_words[static_cast<std::size_t>(made.how)], field.path);
    }
    return {};
}

void read_redaction(toml_table& from, document_mapping& into) {
    redaction made;
    if (!from.text("field", made.field) || made.field.empty()) from.mistake("field", "a redaction needs a field");
    std::size_t how = 0;
    if (!from.choice("how", kind_words, how)) from.mistake("how", "one of drop, mask and hash must be given");
    made.how = static_cast<redaction_kind>(how);
    from.text("key-file", made.key_file);
    bool const hashes = made.how == redaction_kind::hash;
    if (hashes && made.key_file.empty()) from.mistake("key-file", "a hash needs the file of its key");
    if (!hashes && !made.key_file.empty()) from.mistake("key-file", "only a hash has a key");
    from.reject_others();
    made.names = names_of(made.field, into);
    if (auto const fault = fault_of_kind(made, into.documents); !fault.empty()) from.mistake("how", fault);
    into.table.redactions.push_back(std::move(made));
}

void read_rule(toml_table& from, document_mapping& into) {
    drop_rule made;
    if (!from.text("name", made.name) || made.name.empty()) from.mistake("name", "a rule needs a name");
    if (std::ranges::find(into.table.rules, made.name, &drop_rule::name) != into.table.rules.end())
        from.mistake("name", fmt::format("duplicate \"{}\"", made.name));
    if (!from.text("field", made.field) || made.field.empty()) from.mistake("field", "a rule needs a field");
    std::size_t tests = 0;
    for (std::size_t i = 0; i < test_words.size(); ++i) {
        if (!from.text_or_texts(test_words[i], made.texts)) continue;
        made.test = static_cast<rule_test>(i);
        ++tests;
    }
    if (tests != 1 || made.texts.empty()) from.mistake("name", "one of equals, begins and contains must be given");
    from.number("keep", made.keep);
    if (!(made.keep >= 0 && made.keep <= 1)) from.mistake("keep", "expected a number from 0 (none) to 1 (all)");
    from.reject_others();
    made.places = places_of(made.field, into);
    into.table.rules.push_back(std::move(made));
}

void read_split(toml_table& from, document_mapping& into) {
    constexpr std::size_t parts_max = 64;
    line_split made;
    from.text_or_texts("from", made.keys);
    from.text("by", made.by);
    from.texts("into", made.into);
    from.reject_others();
    if (made.keys.empty() || std::ranges::find(made.keys, "") != made.keys.end())
        return from.mistake("from", "name a key of the line");
    if (made.by.empty()) from.mistake("by", "a split needs the text between the parts");
    if (made.into.size() < 2 || made.into.size() > parts_max)
        from.mistake("into", fmt::format("from 2 to {} keys are allowed", parts_max));
    into.table.splits.push_back(std::move(made));
}

void add_list(std::string& out, std::string_view key, std::vector<std::string> const& texts) {
    out.append(key).append(" = [");
    for (std::size_t i = 0; i < texts.size(); ++i) {
        if (i > 0) out += ", ";
        append_json_string(out, texts[i]);
    }
    out += "]\n";
}

void add_text(std::string& out, std::string_view key, std::string_view text) {
    out.append(key).append(" = ");
    append_json_string(out, text);
    out.push_back('\n');
}

}  // namespace

void read_policy(toml_table& root, document_mapping& into) {
    for (auto& each : root.tables("split")) read_split(each, into);
    for (auto& each : root.tables("redact")) read_redaction(each, into);
    for (auto& each : root.tables("rule")) read_rule(each, into);
    if (into.table.redactions.size() > mapping::redactions_max)
        root.mistake("redact", fmt::format("at most {} are allowed", mapping::redactions_max));
    if (into.table.rules.size() > mapping::rules_max)
        root.mistake("rule", fmt::format("at most {} are allowed", mapping::rules_max));
}

void add_policy(std::string& out, mapping const& table) {
    for (auto const& each : table.splits) {
        out += "\n[[split]]\n";
        add_list(out, "from", each.keys);
        add_text(out, "by", each.by);
        add_list(out, "into", each.into);
    }
    for (auto const& each : table.redactions) {
        out += "\n[[redact]]\n";
        add_text(out, "field", each.field);
        add_text(out, "how", kind_words[static_cast<std::size_t>(each.how)]);
        if (!each.key_file.empty()) add_text(out, "key-file", each.key_file);
    }
    for (auto const& each : table.rules) {
        out += "\n[[rule]]\n";
        add_text(out, "name", each.name);
        add_text(out, "field", each.field);
        add_list(out, test_words[static_cast<std::size_t>(each.test)], each.texts);
        fmt::format_to(std::back_inserter(out), "keep = {}\n", each.keep);
    }
}

}  // namespace logpipe::formats
