#include "envelope/header.hpp"

#include "core/clock.hpp"
#include "text/escapes.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace logpipe::formats {

namespace {

/// Up to the next space, which it takes as well.
[[nodiscard]] std::string_view take_word(std::string_view& line) {
    auto const end = std::min(line.find(' '), line.size());
    auto const word = line.substr(0, end);
    line.remove_prefix(std::min(end + 1, line.size()));
    return word;
}

/// JSON texts of RFC 5424's severities, table 2, with the readable bytes that copying needs.
constexpr std::array<std::string_view, 8> severities{R"("emerg")",   R"("alert")",  R"("crit")", R"("err")",
                                                     R"("warning")", R"("notice")", R"("info")", R"("debug")"};

/// By its last three bits.
[[nodiscard]] std::string_view severity_of(std::string_view priority) noexcept {
    static constexpr auto padded = [] {
        std::array<std::array<char, text_members::padding_bytes + 16>, severities.size()> all{};
        for (std::size_t i = 0; i < all.size(); ++i) std::ranges::copy(severities[i], all[i].begin());
        return all;
    }();
    unsigned number = 0;
    for (char const digit : priority) number = number * 10 + static_cast<unsigned>(digit - '0');
    return {padded[number % 8].data(), severities[number % 8].size()};
}

/// "Nov 29 10:00:01 " of RFC 3164, section 4.1.2.
[[nodiscard]] bool begins_with_bsd_time(std::string_view line) {
    return line.size() > 16 && line[3] == ' ' && line[6] == ' ' && line[9] == ':' && line[12] == ':' && line[15] == ' ';
}

/// Behind structured data, RFC 5424, section 6.3; none: it does not end.
[[nodiscard]] std::optional<std::string_view> after_structured_data(std::string_view line) {
    if (line.starts_with('-')) return line.substr(std::min<std::size_t>(2, line.size()));
    bool quoted = false;
    for (std::size_t i = 0; i < line.size(); ++i) {
        if (quoted && line[i] == '\\')
            ++i;
        else if (line[i] == '"')
            quoted = !quoted;
        else if (!quoted && line[i] == ' ' && i > 0 && line[i - 1] == ']')
            return line.substr(i + 1);
    }
    return std::nullopt;
}

}  // namespace

std::optional<std::string_view> header_reader::take(std::string_view line, text_members& into) const {
    if (line.starts_with('<')) return take_syslog(line, into);
    if (line.size() > 20 && line[4] == '-' && line[7] == '-') return take_cri(line, into);
    return std::nullopt;
}

/// Of the container runtime interface: "2026-11-29T10:00:01.123456789Z stdout F LINE".
std::optional<std::string_view> header_reader::take_cri(std::string_view line, text_members& into) const {
    auto const time = take_word(line);
    auto const stream = take_word(line);
    auto const tag = take_word(line);
    if ((stream != "stdout" && stream != "stderr") || (!tag.starts_with('F') && !tag.starts_with('P')))
        return std::nullopt;
    if (!parse_iso_time(time)) return std::nullopt;
    into.add_text(time_, time);
    into.add_text(stream_, stream);
    return line;
}

std::optional<std::string_view> header_reader::take_syslog(std::string_view line, text_members& into) const {
    auto const end = line.find('>');
    if (end == std::string_view::npos || end < 2 || end > 4 || !is_digits(line.substr(1, end - 1))) return std::nullopt;
    auto const rest = line.substr(end + 1);
    auto inner = rest.starts_with("1 ") ? take_5424(rest.substr(2), into) : take_3164(rest, into);
    if (!inner) return std::nullopt;
    // rsyslog keeps the space between a 3164 header and its message in the message, also behind a header that has one.
    if (inner->starts_with(' ')) inner->remove_prefix(1);
    auto const priority = line.substr(1, end - 1);
    into.add_number(priority_, priority);
    into.add_json(severity_, severity_of(priority));
    return inner;
}

/// "2026-11-29T10:00:01Z HOST APP PID ID [DATA] LINE"
std::optional<std::string_view> header_reader::take_5424(std::string_view rest, text_members& into) const {
    auto const time = take_word(rest);
    auto const host = take_word(rest);
    auto const program = take_word(rest);
    auto const pid = take_word(rest);
    auto const id = take_word(rest);
    if (id.empty()) return std::nullopt;
    auto inner = after_structured_data(rest);
    if (!inner) return std::nullopt;
    if (!rest.starts_with('-')) into.add_text(data_, rest.substr(0, rest.size() - inner->size() - 1));
    // RFC 5424, section 6.4: a byte order mark says that the message is UTF-8.
    if (inner->starts_with("\xef\xbb\xbf")) inner->remove_prefix(3);
    if (time != "-") into.add_text(time_, time);
    if (host != "-") into.add_text(host_, host);
    if (program != "-") into.add_text(program_, program);
    if (pid != "-") into.add_number(pid_, pid);
    if (id != "-") into.add_text(message_id_, id);
    return inner;
}

/// "Nov 29 10:00:01 HOST PROGRAM[PID]: LINE"; nginx can leave the host out (nohostname), rsyslog writes RFC 3339's
/// times.
std::optional<std::string_view> header_reader::take_3164(std::string_view rest, text_members& into) const {
    bool const is_bsd_time = begins_with_bsd_time(rest);
    auto const time = rest.substr(0, is_bsd_time ? 15 : rest.find(' '));
    if (!is_bsd_time && !parse_iso_time(time)) return std::nullopt;
    rest.remove_prefix(std::min(time.size() + 1, rest.size()));
    auto const colon = rest.find(": ");
    if (colon == std::string_view::npos) return std::nullopt;
    auto head = rest.substr(0, colon);
    auto const inner = rest.substr(colon + 2);
    if (std::ranges::count(head, ' ') > 1) return std::nullopt;
    into.add_text(is_bsd_time ? bsd_time_ : time_, time);
    if (head.contains(' ')) into.add_text(host_, take_word(head));
    auto const bracket = std::min(head.find('['), head.size());
    into.add_text(program_, head.substr(0, bracket));
    if (head.ends_with(']')) into.add_number(pid_, head.substr(bracket + 1, head.size() - bracket - 2));
    return inner;
}

}  // namespace logpipe::formats
