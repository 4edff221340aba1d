// A mapping as the TOML that makes it again.
#include "core/json_text.hpp"
#include "formats/normalize.hpp"
#include "mapping_words.hpp"
#include "plan.hpp"
#include "policy_reader.hpp"

#include <algorithm>
#include <span>

namespace logpipe::formats {

namespace {

/// A text of TOML is one of JSON.
void add_text(std::string& out, std::string_view key, std::string_view text) {
    out.append(key).append(" = ");
    append_json_string(out, text);
    out.push_back('\n');
}

void append_texts(std::string& out, std::span<std::string const> texts) {
    out += '[';
    for (std::size_t i = 0; i < texts.size(); ++i) {
        if (i > 0) out += ", ";
        append_json_string(out, texts[i]);
    }
    out += ']';
}

void add_texts(std::string& out, std::string_view key, std::span<std::string const> texts) {
    if (texts.empty()) return;
    out.append(key).append(" = ");
    if (texts.size() == 1)
        append_json_string(out, texts.front());
    else
        append_texts(out, texts);
    out += '\n';
}

void add_list(std::string& out, std::string_view key, std::span<std::string const> texts) {
    out.append(key).append(" = ");
    append_texts(out, texts);
    out += '\n';
}

void add_lists(std::string& out, std::string_view key, std::span<std::vector<std::string> const> lists) {
    if (lists.empty()) return;
    out.append(key).append(" = [");
    for (std::size_t i = 0; i < lists.size(); ++i) {
        if (i > 0) out += ", ";
        append_texts(out, lists[i]);
    }
    out += "]\n";
}

template <class Enum, std::size_t count>
void add_choice(std::string& out, std::string_view key, std::array<std::string_view, count> const& words, Enum value) {
    if (static_cast<std::size_t>(value) != 0) add_text(out, key, words[static_cast<std::size_t>(value)]);
}

void add_source(std::string& out, mapped_field const& field) {
    using enum field_source;
    if (field.from == line)
        add_texts(out, "from", field.keys);
    else if (field.from == constant)
        add_text(out, "constant", field.constant);
    else if (field.from == choice)
        add_list(out, "choices", field.choices);
    else
        add_text(out, "value", value_words[static_cast<std::size_t>(field.from) - static_cast<std::size_t>(id)]);
    add_lists(out, "join", field.joined);
    if (field.scalar) out += "scalar = true\n";
    if (field.optional) out += "optional = true\n";
    add_choice(out, "convert", conversion_words, field.convert);
    if (field.convert_others != field.convert)
        add_text(out, "convert-others", conversion_words[static_cast<std::size_t>(field.convert_others)]);
}

void add_field(std::string& out, schema_field const& field, mapping const& table) {
    out += "\n[[field]]\n";
    add_text(out, "path", field.path);
    auto const made = std::ranges::find(table.fields, field.path, &mapped_field::path);
    if (made != table.fields.end()) add_source(out, *made);
    add_choice(out, "type", type_words, field.type);
    auto const last = names_in(field.path).back();
    if (field.name != last) add_text(out, "name", field.name);
    if (field.title != field.name) add_text(out, "title", field.title);
    if (field.column != last) add_text(out, "column", field.column);
    if (!field.ecs.empty()) add_text(out, "ecs", field.ecs);
}

class names_writer final {
  public:
    names_writer(std::string& out, schema const& all) : out_{out}, all_{all} {}
    void add(std::string_view key, std::vector<std::size_t> const& fields) {
        std::vector<std::string> names;
        for (auto const field : fields) names.push_back(all_.fields[field].name);
        if (!names.empty()) add_list(out_, key, names);
    }
    void add(std::string_view key, std::optional<std::size_t> field) {
        if (field) add_text(out_, key, all_.fields[*field].name);
    }

  private:
    std::string& out_;
    schema const& all_;
};

}  // namespace

std::string to_toml(document_mapping const& what) {
    auto const& [table, documents] = what;
    std::string out;
    add_text(out, "name", table.name);
    add_text(out, "format", table.format);
    add_texts(out, "time", table.time_keys);
    add_choice(out, "time-format", time_words, table.time);
    add_texts(out, "within", table.within);
    add_texts(out, "streams", table.streams);
    add_texts(out, "objects", table.objects);
    if (!table.dropped.empty()) add_list(out, "drop", table.dropped);
    if (!table.rest.empty()) add_text(out, "rest", table.rest);
    if (table.drops_rest) out += "drop-rest = true\n";
    add_text(out, "clash-suffix", table.clash_suffix);
    for (auto const& field : documents.fields) add_field(out, field, table);
    add_policy(out, table);
    names_writer names{out, documents};
    out += "\n[store]\n";
    names.add("columns", documents.columns);
    names.add("facets", documents.facets);
    names.add("search", documents.searched);
    names.add("time", documents.time);
    names.add("status", documents.status);
    names.add("size", documents.size);
    out += "\n[page]\n";
    add_text(out, "title", documents.title);
    names.add("top", documents.tops);
    names.add("lines", documents.listed);
    names.add("unique", documents.unique);
    return out;
}

}  // namespace logpipe::formats
