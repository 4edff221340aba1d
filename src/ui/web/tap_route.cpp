#include "tap_route.hpp"

#include "core/nearest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <vector>

namespace logpipe::web {

namespace {

std::optional<unsigned> hex_digit(char c) noexcept {
    unsigned value = 0;
    auto const [end, failed] = std::from_chars(&c, &c + 1, value, 16);
    return failed == std::errc{} && end == &c + 1 ? std::optional{value} : std::nullopt;
}

/// Percent-decoded (RFC 3986 section 2.1); none where it is malformed.
std::optional<std::string> decoded(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            out.push_back(text[i]);
            continue;
        }
        if (i + 2 >= text.size()) return std::nullopt;
        auto const high = hex_digit(text[i + 1]);
        auto const low = hex_digit(text[i + 2]);
        if (!high || !low) return std::nullopt;
        out.push_back(static_cast<char>(*high * 16 + *low));
        i += 2;
    }
    return out;
}

tap_route rejected(unsigned status, std::string_view reason) {
    return {.rejection = problem_response(status, reason), .reader = nullptr};
}

/// "…; did you mean "index/normalize"?" where a stage of the process has nearly that name.
std::string with_nearest_stage(std::string message, std::string_view stage, process_snapshot const& process) {
    std::vector<std::string> names;
    for (auto const& pump : process.pumps)
        for (auto const& each : pump.stages) {
            names.push_back(each.name);
            names.push_back(fmt::format("{}/{}", pump.name, each.name));
        }
    auto const near = nearest(stage, std::vector<std::string_view>{names.begin(), names.end()});
    return near.empty() ? message : fmt::format("{}; did you mean \"{}\"?", message, near);
}

}  // namespace

tap_route open_tap_route(std::string_view target, web_options const& options) {
    std::string stage;
    std::uint64_t sample = 1;
    bool readable = false;
    auto const mark = target.find('?');
    for (auto left = mark == std::string_view::npos ? std::string_view{} : target.substr(mark + 1); !left.empty();) {
        auto const ampersand = left.find('&');
        auto const pair = left.substr(0, ampersand);
        auto const equals = std::min(pair.find('='), pair.size());
        auto const key = pair.substr(0, equals);
        auto const value = decoded(pair.substr(std::min(equals + 1, pair.size())));
        if (!value) return rejected(400, "The query is not percent-encoded as it should be.");
        if (key == "stage") {
            stage = *value;
        } else if (key == "sample") {
            auto const [end, failed] = std::from_chars(value->data(), value->data() + value->size(), sample);
            if (failed != std::errc{} || end != value->data() + value->size() || sample == 0)
                return rejected(400, "sample is a whole number from 1 on.");
        } else if (key == "form" && (*value == "json" || *value == "readable")) {
            readable = *value == "readable";
        } else {
            return rejected(400, "The query has stage=NAME, and may have sample=N and form=json or form=readable.");
        }
        left = ampersand == std::string_view::npos ? std::string_view{} : left.substr(ampersand + 1);
    }
    auto reader = options.tap(stage, sample);
    if (!reader) return rejected(404, with_nearest_stage(reader.error().message, stage, options.snapshot()));
    return {.rejection = {}, .reader = *std::move(reader), .readable = readable};
}

}  // namespace logpipe::web
