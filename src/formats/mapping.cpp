#include "formats/normalize.hpp"

#include "core/json_text.hpp"

#include <span>

namespace logpipe::formats {

namespace {

void append_member(std::string& out, std::string_view key, std::string_view text) {
    append_json_string(out, key);
    out.push_back(':');
    append_json_string(out, text);
}

void append_member(std::string& out, std::string_view key, std::span<std::string const> texts) {
    append_json_string(out, key);
    out += ":[";
    for (std::size_t i = 0; i < texts.size(); ++i) {
        if (i > 0) out.push_back(',');
        append_json_string(out, texts[i]);
    }
    out.push_back(']');
}

}  // namespace

std::string to_json(mapping const& table) {
    std::string out = "{";
    append_member(out, "name", table.name);
    out.push_back(',');
    append_member(out, "nest_into", table.nest_into);
    out.push_back(',');
    append_member(out, "nested", table.nested);
    out.push_back(',');
    append_member(out, "dropped", table.dropped);
    out.push_back(',');
    append_member(out, "time_key", table.time_key);
    out.push_back(',');
    append_member(out, "regions", table.regions);
    out += R"(,"added":{)";
    for (std::size_t i = 0; i < table.added.size(); ++i) {
        if (i > 0) out.push_back(',');
        append_member(out, table.added[i].first, table.added[i].second);
    }
    out += "},";
    append_member(out, "clash_suffix", table.clash_suffix);
    out.push_back('}');
    return out;
}

}  // namespace logpipe::formats
