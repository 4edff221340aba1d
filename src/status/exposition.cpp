#include "exposition.hpp"

#include "base/clean_text.hpp"
#include "number_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace logpipe {

namespace {

bool allowed_in_name(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

void append_escaped(std::string& out, std::string_view text, bool quotes) {
    for (char const c : clean_utf8(text)) {
        if (c == '\\') {
            out.append("\\\\");
        } else if (c == '\n') {
            out.append("\\n");
        } else if (c == '"' && quotes) {
            out.append("\\\"");
        } else {
            out.push_back(c);
        }
    }
}

std::string value_text(double value) {
    if (std::isnan(value)) return "NaN";
    if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
    return number_text(value);
}

}  // namespace

void exposition::add(metric_type type, std::string_view name, std::string_view help,
                     std::span<metric_label const> labels, double value) {
    add_sample(type, name, help, labels, value_text(value));
}

void exposition::add(metric_type type, std::string_view name, std::string_view help,
                     std::span<metric_label const> labels, std::uint64_t value) {
    add_sample(type, name, help, labels, fmt::format("{}", value));
}

void exposition::add_sample(metric_type type, std::string_view name, std::string_view help,
                            std::span<metric_label const> labels, std::string_view value) {
    std::string clean_name{name};
    std::ranges::replace_if(clean_name, [](char c) { return !allowed_in_name(c); }, '_');
    auto& samples = family_of(type, clean_name, help).samples;
    samples.append(clean_name);
    char separator = '{';
    for (auto const& [label, text] : labels) {
        samples.push_back(separator);
        samples.append(label).append("=\"");
        append_escaped(samples, text, true);
        samples.push_back('"');
        separator = ',';
    }
    if (!labels.empty()) samples.push_back('}');
    samples.append(" ").append(value).append("\n");
}

exposition::family& exposition::family_of(metric_type type, std::string name, std::string_view help) {
    auto const found = std::ranges::find(families_, name, &family::name);
    if (found != families_.end()) return *found;
    std::string head = fmt::format("# HELP {} ", name);
    append_escaped(head, help, false);
    head += fmt::format("\n# TYPE {} {}\n", name, type == metric_type::counter ? "counter" : "gauge");
    return families_.emplace_back(family{.name = std::move(name), .head = std::move(head), .samples = {}});
}

std::string exposition::text() const {
    std::string out;
    for (auto const& one : families_) out.append(one.head).append(one.samples);
    return out;
}

}  // namespace logpipe
