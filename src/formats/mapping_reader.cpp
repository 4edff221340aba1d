// A mapping's file: the keys that it may have, and what each says.
#include "core/file.hpp"
#include "core/nearest.hpp"
#include "formats/normalize.hpp"
#include "mapping_rules.hpp"
#include "mapping_words.hpp"
#include "plan.hpp"
#include "policy_reader.hpp"
#include "toml_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <limits>
#include <optional>
#include <utility>

namespace logpipe::formats {

namespace {

constexpr std::size_t file_bytes_max = std::size_t{1} << 20U;
constexpr std::size_t no_limit = std::numeric_limits<std::size_t>::max();

/// @return whether there is such a key
template <class Enum, std::size_t count>
bool read_choice(toml_table& from, std::string_view key, std::array<std::string_view, count> const& words, Enum& into) {
    auto index = static_cast<std::size_t>(into);
    bool const is_there = from.choice(key, words, index);
    into = static_cast<Enum>(index);
    return is_there;
}

/// The last name of a path is the field's, unless the file says another.
schema_field read_description(toml_table& from) {
    schema_field field;
    if (!from.text("path", field.path)) from.mistake("path", "a field needs its path in the document");
    field.name = field.column = names_in(field.path).back();
    from.text("name", field.name);
    field.title = field.name;
    from.text("title", field.title);
    from.text("column", field.column);
    from.text("ecs", field.ecs);
    read_choice(from, "type", type_words, field.type);
    return field;
}

/// None: the document has it by no mapping, and it is only described.
std::optional<mapped_field> read_source(toml_table& from, std::string const& path) {
    mapped_field field{.path = path};
    std::size_t sources = 0;
    std::size_t made = 0;
    auto const is = [&](bool there, field_source what) {
        if (!there) return;
        ++sources;
        field.from = what;
    };
    is(from.text_or_texts("from", field.keys), field_source::line);
    bool const is_joined = from.lists("join", field.joined);
    is(from.text("constant", field.constant), field_source::constant);
    is(from.texts("choices", field.choices), field_source::choice);
    bool const is_made = from.choice("value", value_words, made);
    is(is_made, static_cast<field_source>(static_cast<std::size_t>(field_source::id) + made));
    read_choice(from, "convert", conversion_words, field.convert);
    if (!read_choice(from, "convert-others", conversion_words, field.convert_others))
        field.convert_others = field.convert;
    from.flag("scalar", field.scalar);
    from.flag("optional", field.optional);
    if (is_joined && field.from != field_source::line) from.mistake("join", "it is for a field with `from`");
    if (sources > 1) from.mistake("path", "only one of from, constant, choices and value can be given");
    if (field.convert != conversion::none && field.from != field_source::line)
        from.mistake("convert", "only the value of a key of the line (from) can be converted");
    if (sources == 0) return std::nullopt;
    return field;
}

void read_fields(toml_table& root, document_mapping& into) {
    field_rules rules;
    for (auto& table : root.tables("field")) {
        auto field = read_description(table);
        auto made = read_source(table, field.path);
        table.reject_others();
        if (auto const wrong = rules.add(field, made ? &*made : nullptr)) {
            table.mistake(wrong->key, wrong->what);
            continue;
        }
        into.documents.fields.push_back(std::move(field));
        if (made) into.table.fields.push_back(*std::move(made));
    }
}

/// Names of fields under one key of a table.
class field_list final {
  public:
    field_list(toml_table& from, std::string_view key, schema const& all) : from_{from}, key_{key}, all_{all} {}

    template <class Fault>
    void read(std::size_t count_max, Fault fault_of, std::vector<std::size_t>& into) {
        std::vector<std::string> names;
        from_.texts(key_, names);
        if (names.size() > count_max)
            from_.mistake(key_, fmt::format("{} fields; at most {} are allowed", names.size(), count_max));
        for (auto const& name : names) {
            auto const field = find(name);
            if (!field) continue;
            if (std::ranges::find(into, *field) != into.end())
                from_.mistake(key_, fmt::format("duplicate \"{}\"", name));
            else if (auto const fault = fault_of(*field); !fault.empty())
                from_.mistake(key_, fault);
            else
                into.push_back(*field);
        }
    }

    template <class Fault>
    void read_one(Fault fault_of, std::optional<std::size_t>& into) {
        std::string name;
        if (!from_.text(key_, name)) return;
        auto const field = find(name);
        if (!field) return;
        if (auto const fault = fault_of(*field); !fault.empty())
            from_.mistake(key_, fault);
        else
            into = *field;
    }

  private:
    [[nodiscard]] std::optional<std::size_t> find(std::string const& name) {
        auto const found = std::ranges::find(all_.fields, name, &schema_field::name);
        if (found != all_.fields.end()) return static_cast<std::size_t>(found - all_.fields.begin());
        std::vector<std::string_view> names;
        for (auto const& field : all_.fields) names.push_back(field.name);
        auto const near = nearest(name, names);
        from_.mistake(key_, near.empty() ? fmt::format("unknown field \"{}\"", name)
                                         : fmt::format("unknown field \"{}\"; did you mean \"{}\"?", name, near));
        return std::nullopt;
    }

    toml_table& from_;
    std::string_view key_;
    schema const& all_;
};

void read_store(toml_table& from, schema& all) {
    std::vector<std::string> columns;
    field_list{from, "columns", all}.read(
        schema::columns_max,
        [&](std::size_t field) {
            auto const& column = all.fields[field].column;
            if (std::ranges::find(columns, column) != columns.end())
                return fmt::format("two fields have the column \"{}\": give one of them another `column`", column);
            columns.push_back(column);
            return fault_of_column(all.fields[field]);
        },
        all.columns);
    auto const rule = [&all](auto fault_of) {
        return [&all, fault_of](std::size_t field) { return fault_of(all, field); };
    };
    field_list{from, "facets", all}.read(schema::facets_max, rule(fault_of_facet), all.facets);
    field_list{from, "search", all}.read(schema::searched_max, rule(fault_of_search), all.searched);
    field_list{from, "time", all}.read_one(rule(fault_of_time), all.time);
    field_list{from, "status", all}.read_one(rule(fault_of_status), all.status);
    field_list{from, "size", all}.read_one(rule(fault_of_size), all.size);
    from.reject_others();
}

void read_page(toml_table& from, schema& all) {
    auto const is_facet = [&all](std::size_t field) { return fault_of_top(all, field); };
    from.text("title", all.title);
    field_list{from, "top", all}.read(no_limit, is_facet, all.tops);
    field_list{from, "lines", all}.read(schema::facets_max, [](std::size_t) { return std::string{}; }, all.listed);
    field_list{from, "unique", all}.read_one(is_facet, all.unique);
    from.reject_others();
}

void read_table(toml_table& root, mapping& into) {
    if (!root.text("name", into.name) || into.name.empty()) root.mistake("name", "a mapping needs a name");
    if (root.text("format", into.format))
        if (auto const fault = fault_of_format(into.format); !fault.empty()) root.mistake("format", fault);
    root.text_or_texts("time", into.time_keys);
    root.text_or_texts("within", into.within);
    root.text_or_texts("streams", into.streams);
    root.text_or_texts("objects", into.objects);
    read_choice(root, "time-format", time_words, into.time);
    root.texts("drop", into.dropped);
    root.text("rest", into.rest);
    root.flag("drop-rest", into.drops_rest);
    root.text("clash-suffix", into.clash_suffix);
    if (into.drops_rest && !into.rest.empty()) root.mistake("rest", "it cannot be given with drop-rest");
    if (into.clash_suffix.empty()) root.mistake("clash-suffix", "it must not be empty");
}

}  // namespace

result<document_mapping> parse_mapping(std::string_view toml, std::string const& path) {
    auto file = toml_file::parse(toml, path);
    if (!file) return file.error();
    document_mapping made;
    auto root = (*file)->root();
    read_table(root, made.table);
    read_fields(root, made);
    made.documents.title = made.table.name;
    for (auto& store : root.table("store")) read_store(store, made.documents);
    for (auto& page : root.table("page")) read_page(page, made.documents);
    if (auto const fault = fault_of_rest(made.table); !fault.empty()) root.mistake("rest", fault);
    read_policy(root, made);
    root.reject_others();
    if (auto good = (*file)->verdict(); !good) return good.error();
    return made;
}

result<document_mapping> read_mapping(std::string const& path) {
    auto const contents = read_file(system_files(), path, file_bytes_max);
    if (!contents) return contents.error();
    auto made = parse_mapping(*contents, path);
    if (!made) return made;
    for (auto& each : made->table.redactions)
        if (!each.key_file.empty()) each.key_file = std::filesystem::path{path}.parent_path() / each.key_file;
    return made;
}

}  // namespace logpipe::formats
