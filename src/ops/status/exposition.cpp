#include "exposition.hpp"

#include "core/clean_text.hpp"
#include "core/number_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace logpipe::status {

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

std::string clean_name(std::string_view name) {
    std::string clean{name};
    std::ranges::replace_if(clean, [](char c) { return !allowed_in_name(c); }, '_');
    return clean;
}

void append_sample(std::string& samples, std::string_view name, std::span<metric_label const> labels,
                   std::string_view value) {
    samples.append(name);
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

}  // namespace

void exposition::add(served_metric const& what, std::span<metric_label const> labels, double value) {
    add_sample(what, labels, value_text(value));
}

void exposition::add(served_metric const& what, std::span<metric_label const> labels, std::uint64_t value) {
    add_sample(what, labels, fmt::format("{}", value));
}

void exposition::add(served_metric const& what, std::span<metric_label const> labels,
                     latency_histogram const& seconds) {
    auto& to = family_of(what);
    auto& samples = to.samples;
    std::vector<metric_label> with_bound{labels.begin(), labels.end()};
    auto& bound = with_bound.emplace_back("le", "");
    std::uint64_t so_far = 0;
    for (std::size_t i = 0; i < seconds.counts.size(); ++i) {
        so_far += seconds.counts[i];
        auto const text = i < seconds.bounds_seconds.size() ? number_text(seconds.bounds_seconds[i]) : "+Inf";
        bound.second = text;
        append_sample(samples, to.name + "_bucket", with_bound, fmt::format("{}", so_far));
    }
    append_sample(samples, to.name + "_sum", labels, value_text(seconds.sum_seconds));
    append_sample(samples, to.name + "_count", labels, fmt::format("{}", so_far));
}

void exposition::add_sample(served_metric const& what, std::span<metric_label const> labels, std::string_view value) {
    auto& to = family_of(what);
    append_sample(to.samples, to.name, labels, value);
}

exposition::family& exposition::family_of(served_metric const& what) {
    auto const name = clean_name(what.name);
    auto const found = std::ranges::find(families_, name, &family::name);
    if (found != families_.end()) return *found;
    std::string head = fmt::format("# HELP {} ", name);
    append_escaped(head, what.help, false);
    head += fmt::format("\n# TYPE {} {}\n", name, what.type);
    return families_.emplace_back(family{.name = name, .head = std::move(head), .samples = {}});
}

std::string exposition::text() const {
    std::string out;
    for (auto const& one : families_) out.append(one.head).append(one.samples);
    return out;
}

}  // namespace logpipe::status
