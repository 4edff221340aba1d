#include "toml_file.hpp"

#include "core/nearest.hpp"
#include "formats/toml.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

namespace logpipe::formats {

struct toml_file::parsed {
    toml::table root;
};

namespace {

[[nodiscard]] toml::table const& table_of(void const* node) {
    return *static_cast<toml::table const*>(node);
}

[[nodiscard]] bool has_controls(std::string_view text) {
    return std::ranges::any_of(text, [](char each) { return static_cast<unsigned char>(each) < ' ' || each == 0x7f; });
}

/// Empty: it is good.
[[nodiscard]] std::string fault_of(std::string_view text) {
    if (text.size() > toml_file::text_bytes_max)
        return fmt::format("{} bytes long; at most {} are allowed", text.size(), toml_file::text_bytes_max);
    if (has_controls(text)) return "control characters are not allowed";
    return {};
}

}  // namespace

toml_file::toml_file(std::string path) : path_{std::move(path)} {}
toml_file::~toml_file() = default;

result<std::unique_ptr<toml_file>> toml_file::parse(std::string_view contents, std::string path) {
    auto read = toml::parse(contents);
    if (!read)
        return error{errc::invalid_argument,
                     fmt::format("{}:{}: {}", path, read.error().source().begin.line, read.error().description())};
    std::unique_ptr<toml_file> file{new toml_file{std::move(path)}};
    file->parsed_ = std::make_unique<parsed>(std::move(read).table());
    return file;
}

toml_table toml_file::root() {
    return {*this, &parsed_->root};
}

result<> toml_file::verdict() const {
    if (mistakes_.empty()) return {};
    auto const shown = std::span{mistakes_}.first(std::min(mistakes_.size(), mistakes_max));
    auto const more = mistakes_.size() - shown.size();
    return error{errc::invalid_argument, fmt::format("{}{}", fmt::join(shown, "; "),
                                                     more > 0 ? fmt::format("; and {} more", more) : std::string{})};
}

void toml_table::mistake(std::string_view key, std::string_view what) {
    auto const& table = table_of(node_);
    auto const found = std::ranges::find_if(table, [&](auto const& each) { return each.first.str() == key; });
    auto const& at = found == table.end() ? table.source() : found->first.source();
    file_->mistakes_.push_back(
        fmt::format("{}:{}: {}{}{}", file_->path_, at.begin.line, key, key.empty() ? "" : ": ", what));
}

bool toml_table::text(std::string_view key, std::string& into) {
    known_.emplace_back(key);
    auto const* node = table_of(node_).get(key);
    if (node == nullptr) return false;
    auto const* text = node->as_string();
    if (text == nullptr)
        mistake(key, "expected a text in quotes");
    else if (auto const fault = fault_of(text->get()); !fault.empty())
        mistake(key, fault);
    else
        into = text->get();
    return true;
}

bool toml_table::texts(std::string_view key, std::vector<std::string>& into) {
    known_.emplace_back(key);
    auto const* node = table_of(node_).get(key);
    if (node == nullptr) return false;
    auto const* list = node->as_array();
    std::vector<std::string> all;
    if (list == nullptr || !std::ranges::all_of(*list, [](toml::node const& each) { return each.is_string(); })) {
        mistake(key, "expected a list of texts in quotes");
        return true;
    }
    for (auto const& each : *list) {
        all.push_back(each.as_string()->get());
        if (auto const fault = fault_of(all.back()); !fault.empty()) mistake(key, fault);
    }
    into = std::move(all);
    return true;
}

bool toml_table::text_or_texts(std::string_view key, std::vector<std::string>& into) {
    auto const* node = table_of(node_).get(key);
    if (node == nullptr || !node->is_string()) return texts(key, into);
    into.resize(1);
    return text(key, into.front());
}

bool toml_table::lists(std::string_view key, std::vector<std::vector<std::string>>& into) {
    known_.emplace_back(key);
    auto const* node = table_of(node_).get(key);
    if (node == nullptr) return false;
    auto const* all = node->as_array();
    auto const is_text = [](toml::node const& each) { return each.is_string(); };
    auto const is_list = [&](toml::node const& each) {
        return each.is_string() || (each.is_array() && std::ranges::all_of(*each.as_array(), is_text));
    };
    if (all == nullptr || !std::ranges::all_of(*all, is_list)) {
        mistake(key, "expected a list of texts, or of lists of texts");
        return true;
    }
    for (auto const& each : *all) {
        auto& list = into.emplace_back();
        if (each.is_string()) list.push_back(each.as_string()->get());
        if (each.is_array())
            for (auto const& text : *each.as_array()) list.push_back(text.as_string()->get());
        for (auto const& text : list)
            if (auto const fault = fault_of(text); !fault.empty()) mistake(key, fault);
    }
    return true;
}

bool toml_table::flag(std::string_view key, bool& into) {
    known_.emplace_back(key);
    auto const* node = table_of(node_).get(key);
    if (node == nullptr) return false;
    if (auto const* value = node->as_boolean())
        into = value->get();
    else
        mistake(key, "expected true or false");
    return true;
}

bool toml_table::number(std::string_view key, double& into) {
    known_.emplace_back(key);
    auto const* node = table_of(node_).get(key);
    if (node == nullptr) return false;
    if (auto const value = node->value<double>())
        into = *value;
    else
        mistake(key, "expected a number");
    return true;
}

bool toml_table::choice(std::string_view key, std::span<std::string_view const> names, std::size_t& into) {
    std::string name;
    if (!text(key, name)) return false;
    auto const found = std::ranges::find(names, std::string_view{name});
    if (found != names.end())
        into = static_cast<std::size_t>(found - names.begin());
    else if (!name.empty())
        mistake(key, fmt::format("invalid value \"{}\": expected one of {}", name, fmt::join(names, ", ")));
    return true;
}

std::vector<toml_table> toml_table::tables(std::string_view key) {
    known_.emplace_back(key);
    std::vector<toml_table> all;
    auto const* node = table_of(node_).get(key);
    if (node == nullptr) return all;
    auto const* list = node->as_array();
    if (list == nullptr || !std::ranges::all_of(*list, [](toml::node const& each) { return each.is_table(); })) {
        mistake(key, fmt::format("expected tables, each beginning with [[{}]]", key));
        return all;
    }
    for (auto const& each : *list) all.push_back(toml_table{*file_, each.as_table()});
    return all;
}

std::vector<toml_table> toml_table::table(std::string_view key) {
    known_.emplace_back(key);
    auto const* node = table_of(node_).get(key);
    if (node == nullptr) return {};
    if (auto const* found = node->as_table()) return {toml_table{*file_, found}};
    mistake(key, fmt::format("expected a table, beginning with [{}]", key));
    return {};
}

void toml_table::reject_others() {
    std::vector<std::string_view> const known{known_.begin(), known_.end()};
    for (auto const& [key, node] : table_of(node_)) {
        if (std::ranges::find(known, key.str()) != known.end()) continue;
        auto const near = nearest(key.str(), known);
        mistake(key.str(), near.empty() ? fmt::format("unknown key; known are {}", fmt::join(known, ", "))
                                        : fmt::format("unknown key; did you mean \"{}\"?", near));
    }
}

}  // namespace logpipe::formats
