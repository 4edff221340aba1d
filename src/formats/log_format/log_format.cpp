#include "log_format/log_format.hpp"

#include "json/json_text.hpp"
#include "quoted.hpp"
#include "text/byte_block.hpp"
#include "text/escapes.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace logpipe::formats {

namespace {

[[nodiscard]] bool is_name(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

error wrong(std::string_view text, std::string_view why) {
    return {errc::invalid_argument, fmt::format("log format {}: {}", quoted_for_reason(text), why)};
}

/// `$name` or `${name}` at the front of `text`, which it takes. @return empty: there is none
std::string take_name(std::string_view& text) {
    bool const braced = text.starts_with("${");
    auto const begin = text.substr(braced ? 2 : 1);
    auto const end = std::ranges::find_if_not(begin, is_name);
    std::string name{begin.begin(), end};
    auto const taken = (braced ? 3 : 1) + name.size();
    if (braced && (end == begin.end() || *end != '}')) return {};
    text.remove_prefix(std::min(taken, text.size()));
    return name;
}

/// What substr() gives, without its check.
[[nodiscard]] std::string_view between(std::string_view line, std::size_t begin, std::size_t end) noexcept {
    return {line.data() + begin, end - begin};
}

}  // namespace

log_line_format::form log_line_format::form_of(std::string_view name) noexcept {
    if (name == "status") return form::status;
    if (name == "time_local") return form::time;
    if (name == "body_bytes_sent" || name == "bytes_sent") return form::count;
    if (name == "request_length" || name == "connection" || name == "connection_requests" || name == "server_port")
        return form::number;
    if (name == "line_rest") return form::rest;
    return form::any;
}

result<log_line_format> log_line_format::compile(std::string_view text) {
    log_line_format made;
    auto left = text;
    auto* literal = &made.before_;
    while (!left.empty()) {
        if (left.front() != '$') {
            auto const end = std::min(left.find('$'), left.size());
            *literal += left.substr(0, end);
            left.remove_prefix(end);
            continue;
        }
        auto name = take_name(left);
        if (name.empty()) return wrong(text, "a $ must be followed by a variable's name");
        if (!made.variables_.empty() && literal->empty())
            return wrong(text, fmt::format("${} follows ${} without anything between them, so nothing says where one "
                                           "ends",
                                           name, made.variables_.back().key.name()));
        auto const seen = [&](variable const& each) { return each.key.name() == name; };
        if (std::ranges::any_of(made.variables_, seen)) return wrong(text, fmt::format("duplicate variable ${}", name));
        bool const after_quote = literal->ends_with('"');
        made.variables_.push_back(
            {.key = member_key{name}, .has = form_of(name), .quoted = after_quote, .literal = {}, .literal_begin = {}});
        literal = &made.variables_.back().literal;
    }
    if (made.variables_.empty()) return wrong(text, "it has no variable, such as $request");
    for (auto& each : made.variables_) {
        each.quoted = each.quoted && each.literal.starts_with('"');
        each.literal_begin = short_prefix{each.literal};
    }
    return made;
}

/// Each value of each line comes by here: a call would cost as much as what it does.
[[gnu::always_inline]] inline std::size_t log_line_format::end_of(variable const& which, std::string_view line,
                                                                  std::size_t begin) noexcept {
    if (which.literal.empty()) return line.size();
    auto const* const value = line.data() + begin;
    auto const* const end = line.data() + line.size();
    for (auto const* at = value;; ++at) {
        at = find_byte(at, end, which.literal.front());
        if (at >= end) return std::string_view::npos;
        if (which.quoted) {
            // Apache escapes a quote by a backslash, and a backslash by another one.
            auto const* before = at;
            while (before != value && before[-1] == '\\') --before;
            if ((at - before) % 2 == 1) continue;
        }
        if (which.ends_at(at, end)) return static_cast<std::size_t>(at - line.data());
    }
}

bool log_line_format::has_form(form wanted, std::string_view value) noexcept {
    switch (wanted) {
        case form::status:
            return value.size() == 3 && is_digits(value);
        case form::number:
            return is_digits(value);
        case form::count:
            return value == "-" || is_digits(value);
        case form::time:
            return value.size() == 26 && value[2] == '/' && value[6] == '/' && value[11] == ':' && value[20] == ' ';
        case form::any:
        case form::rest:
            return true;
    }
    return false;
}

void log_line_format::add(variable const& which, std::string_view value, text_members& into) {
    switch (which.has) {
        case form::status:
        case form::number:
            return into.add_digits(which.key, value);
        case form::count:
            return value == "-" ? into.add_json(which.key, padded::zero) : into.add_digits(which.key, value);
        case form::rest:
            if (!value.empty()) into.add_text(which.key, value);
            return;
        case form::any:
        case form::time:
            return which.quoted ? into.add_quoted(which.key, value) : into.add_text(which.key, value);
    }
}

std::optional<log_line_format::two_values> log_line_format::lengthened(variable const& text, std::string_view value,
                                                                       variable const& next,
                                                                       std::string_view line) noexcept {
    constexpr auto tries_max = 16;  // a line of nothing but literals must not take forever
    if (text.has != form::any || text.quoted) return std::nullopt;
    auto const begin = static_cast<std::size_t>(value.data() - line.data());
    auto end = begin + value.size();
    for (auto tries = 0; tries < tries_max; ++tries) {
        end = end_of(text, line, end + 1);
        if (end == std::string_view::npos) break;
        auto const begin_of_next = end + text.literal.size();
        auto const end_of_next = end_of(next, line, begin_of_next);
        if (end_of_next == std::string_view::npos) break;
        auto const next_value = between(line, begin_of_next, end_of_next);
        if (has_form(next.has, next_value)) return two_values{between(line, begin, end), next_value};
    }
    return std::nullopt;
}

bool log_line_format::split(std::string_view line, std::string_view* values, std::string& reason) const {
    if (!line.starts_with(before_)) {
        reason = fmt::format("not of the format: it does not begin with {}", quoted_for_reason(before_));
        return false;
    }
    auto begin = before_.size();
    for (auto const& each : variables_) {
        auto const end = end_of(each, line, begin);
        if (end == std::string_view::npos) {
            reason =
                fmt::format("not of the format: no {} after ${}", quoted_for_reason(each.literal), each.key.name());
            return false;
        }
        *values = between(line, begin, end);
        if (each.has != form::any && !has_form(each.has, *values)) [[unlikely]] {
            auto const longer =
                &each == variables_.data() ? std::nullopt : lengthened((&each)[-1], values[-1], each, line);
            if (!longer) {
                reason = fmt::format("not of the format: {} as ${}", quoted_for_reason(*values), each.key.name());
                return false;
            }
            values[-1] = longer->first;
            values[0] = longer->second;
        }
        begin = static_cast<std::size_t>(values->end() - line.begin()) + each.literal.size();
        ++values;
    }
    if (begin == line.size()) return true;
    reason = fmt::format("not of the format: {} after its end", quoted_for_reason(line.substr(begin)));
    return false;
}

[[gnu::always_inline]] inline bool log_line_format::add_plain(variable const& which, std::string_view value,
                                                              text_members& into) {
    switch (which.has) {
        case form::time:
        case form::any:
            if (which.has == form::time && !has_form(form::time, value)) return false;
            which.quoted ? into.add_plain_quoted(which.key, value) : into.add_plain_text(which.key, value);
            return true;
        case form::status:
        case form::number:
        case form::count:
            if (value == "-" && which.has == form::count) {
                into.add_json(which.key, padded::zero);
                return true;
            }
            if (which.has == form::status && value.size() != 3) return false;
            if (value != "0" && (value.empty() || !is_usual_number(value))) return false;
            into.add_json(which.key, value);
            return true;
        case form::rest:
            if (!value.empty()) into.add_plain_text(which.key, value);
            return true;
    }
    return false;
}

bool log_line_format::parse_plain(std::string_view line, text_members& into) const {
    if (!line.starts_with(before_)) return false;
    auto const* at = line.data() + before_.size();
    auto const* const end = line.data() + line.size();
    for (auto const& each : variables_) {
        auto const* const value = at;
        auto const last = each.literal.empty() ? '"' : each.literal.front();
        for (; at < end; at += byte_block::bytes)
            if (auto const found = byte_block{at}.equal_to(last, '"'); found != 0) {
                at += first_of(found);
                break;
            }
        at = std::min(at, end);
        if (each.literal.empty() ? at != end : !each.ends_at(at, end)) return false;
        if (!add_plain(each, {value, at}, into)) return false;
        at += each.literal.size();
    }
    return at == end;
}

bool log_line_format::parse(std::string_view line, text_members& into, std::string& reason) const {
    if (into.is_plain()) {
        auto const before = into.now();
        if (parse_plain(line, into)) return true;
        into.go_back_to(before);
    }
    auto* value = into.parts(variables_.size());
    if (!split(line, value, reason)) return false;
    for (auto const& each : variables_) add(each, *value++, into);
    return true;
}

}  // namespace logpipe::formats
