#include "nginx_error/nginx_error_line.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>

namespace logpipe::formats {

namespace {

constexpr std::string_view time_form = "0000/00/00 00:00:00";

[[nodiscard]] bool has_time(std::string_view line) noexcept {
    if (line.size() < time_form.size()) return false;
    for (std::size_t i = 0; i < time_form.size(); ++i)
        if (time_form[i] == '0' ? line[i] < '0' || line[i] > '9' : line[i] != time_form[i]) return false;
    return true;
}

/// Takes what is before `end`, and `end`. @return none: it is not there
[[nodiscard]] std::optional<std::string_view> take_until(std::string_view& line, std::string_view end) {
    auto const at = line.find(end);
    if (at == std::string_view::npos) return std::nullopt;
    auto const found = line.substr(0, at);
    line.remove_prefix(at + end.size());
    return found;
}

/// What nginx says of the request after the message, in its order.
constexpr std::array<std::string_view, 8> context_keys{"client",   "server", "request",  "subrequest",
                                                       "upstream", "host",   "referrer", "login"};

/// Where `, KEY: ` begins; npos: nowhere.
[[nodiscard]] std::size_t find_context(std::string_view line, std::string_view key) {
    for (auto at = line.find(", "); at != std::string_view::npos; at = line.find(", ", at + 2)) {
        auto const rest = line.substr(at + 2);
        if (rest.starts_with(key) && rest.substr(key.size()).starts_with(": ")) return at;
    }
    return std::string_view::npos;
}

}  // namespace

bool nginx_error_parser::parse(std::string_view line, text_members& into, std::string& reason) const {
    reason = "not a line of nginx's error log";
    if (!has_time(line)) return false;
    into.add_text(time_, line.substr(0, time_form.size()));
    line.remove_prefix(time_form.size());
    if (!line.starts_with(" [")) return false;
    line.remove_prefix(2);
    auto const level = take_until(line, "] ");
    auto const pid = take_until(line, "#");
    auto const tid = take_until(line, ": ");
    if (!level || !pid || !tid) return false;
    into.add_text(level_, *level);
    into.add_number(pid_, *pid);
    into.add_number(tid_, *tid);
    if (line.starts_with('*')) {
        auto rest = line.substr(1);
        if (auto const connection = take_until(rest, " ")) {
            into.add_number(connection_, *connection);
            line = rest;
        }
    }
    // Each key is looked for after the one before it, so that a message may name one.
    std::array<std::size_t, context_keys.size()> begins{};
    std::size_t end = line.size();
    std::size_t from = 0;
    for (std::size_t i = 0; i < context_keys.size(); ++i) {
        auto const at = find_context(line.substr(from), context_keys[i]);
        begins[i] = at == std::string_view::npos ? at : from + at;
        if (begins[i] == std::string_view::npos) continue;
        end = std::min(end, begins[i]);
        from = begins[i] + 2;
    }
    into.add_text(message_, line.substr(0, end));
    for (std::size_t i = 0; i < context_keys.size(); ++i) {
        if (begins[i] == std::string_view::npos) continue;
        auto const next = std::ranges::find_if(begins.begin() + static_cast<std::ptrdiff_t>(i) + 1, begins.end(),
                                               [](std::size_t at) { return at != std::string_view::npos; });
        auto const begin = begins[i] + 2 + context_keys[i].size() + 2;
        auto value = line.substr(begin, (next == begins.end() ? line.size() : *next) - begin);
        if (value.size() >= 2 && value.starts_with('"') && value.ends_with('"'))
            value = value.substr(1, value.size() - 2);
        into.add_own(context_keys[i], value, text_members::as::text);
    }
    reason.clear();
    return true;
}

}  // namespace logpipe::formats
