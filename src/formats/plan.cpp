#include "plan.hpp"

#include "core/json_text.hpp"
#include "document_writer.hpp"
#include "id_facts.hpp"
#include "json_text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace logpipe::formats {

namespace {

[[nodiscard]] std::string json_text(std::string_view text) {
    std::string out;
    append_json_string(out, text);
    return out;
}

/// For what is copied in blocks.
void make_room_for_a_block(std::string& text) {
    text.reserve(text.size() + document_writer::block_bytes);
}

}  // namespace

void plan::add_key(std::string const& text, key_role role, std::string const& clash_suffix) {
    // A key has one role: the first that the mapping gives it.
    if (find(text) != none) return;
    auto const in_json = json_text(text);
    known_key key;
    key.text = text;
    key.match = in_json.substr(1);
    key.role = role;
    if (role == key_role::nested) key.prefix = fmt::format(",{}:", in_json);
    if (role == key_role::own) {
        key.output = text + clash_suffix;
        key.prefix = fmt::format(",{}:", json_text(key.output));
    }
    key.match_begin = short_prefix{key.match};
    keys_.push_back(std::move(key));
}

plan::plan(mapping const& table) {
    for (auto const& key : table.nested) add_key(key, key_role::nested, table.clash_suffix);
    nested_count_ = keys_.size();
    for (auto const& key : table.dropped) add_key(key, key_role::dropped, table.clash_suffix);
    for (std::string const own : {table.nest_into.c_str(), "fields", "@version", "@timestamp", "time"})
        add_key(own, key_role::own, table.clash_suffix);
    for (auto const& [key, text] : table.added) add_key(key, key_role::own, table.clash_suffix);
    time_key_ = find(table.time_key);

    open_ = fmt::format("{{{}:{{", json_text(table.nest_into));
    for (auto const& region : table.regions)
        fields_.push_back(fmt::format(R"(}},"fields":{{"region":{},"assetid":")", json_text(region)));
    if (fields_.empty()) fields_.emplace_back(R"(},"fields":{"assetid":")");
    for (auto const& [key, text] : table.added) added_ += fmt::format(",{}:{}", json_text(key), json_text(text));

    auto const longest = [](std::string const& a, std::string const& b) { return a.size() < b.size(); };
    document_bytes_extra_ = open_.size() + std::ranges::max_element(fields_, longest)->size() + id_hash::hex_bytes +
                            time_bytes_max + added_.size() + 2;
    // What the keys' own spelling in the line and in the document may differ by, and the comma before each.
    for (auto& key : keys_) {
        document_bytes_extra_ += key.prefix.size() + 1;
        make_room_for_a_block(key.prefix);
    }
    make_room_for_a_block(open_);
    for (auto& text : fields_) make_room_for_a_block(text);
    make_room_for_a_block(added_);
}

std::size_t plan::find(std::string_view text) const noexcept {
    for (std::size_t i = 0; i < keys_.size(); ++i)
        if (keys_[i].text == text) return i;
    return none;
}

}  // namespace logpipe::formats
