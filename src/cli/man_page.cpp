#include "man_page.hpp"

#include "settings.hpp"
#include "subcommands.hpp"
#include "version.hpp"

#include <fmt/format.h>

#include <array>
#include <string_view>
#include <utility>

namespace logpipe::cli {

namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 4> beyond_ascii{
    {{"→", R"(\(->)"}, {"…", "..."}, {"–", R"(\(en)"}, {"·", R"(\(pc)"}}};

/// As text of roff: no escapes, no requests at the begin of a line, and ASCII only.
std::string roff(std::string_view text) {
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
        bool found = false;
        for (auto const& [from, to] : beyond_ascii)
            if (text.substr(at).starts_with(from)) {
                out += to;
                at += from.size();
                found = true;
            }
        if (found) continue;
        char const c = text[at++];
        bool const begins_line = out.empty() || out.back() == '\n';
        if (begins_line && (c == '.' || c == '\'')) out += R"(\&)";
        if (c == '\\')
            out += R"(\e)";
        else if (c == '-')
            out += R"(\-)";
        else
            out.push_back(c);
    }
    return out;
}

void add_option(std::string& out, std::string_view name, option const& each) {
    out += fmt::format(".TP\n.B {}", roff(name));
    if (!each.metavar.empty()) out += fmt::format(" \\fI{}\\fR", roff(each.metavar));
    out += fmt::format("\n{}\n", roff(each.help));
    if (!each.fallback.empty() && each.kind != option_kind::on_off)
        out += fmt::format("Default: {}.\n", roff(each.fallback));
}

void add_subcommand(std::string& out, subcommand const& each) {
    out += fmt::format(".SS \"logpipe {}{}{}\"\n{}.\n", roff(each.name), each.arguments.empty() ? "" : " ",
                       roff(each.arguments), roff(each.summary));
    std::string own;
    for (auto const& row : options_of(each.name)) own += fmt::format("{}--{}", own.empty() ? "" : ", ", row.name);
    out += fmt::format(".PP\nOptions: {}.\n", roff(own));
    if (!each.examples.empty()) out += fmt::format(".PP\nExamples:\n.PP\n.nf\n{}.fi\n", roff(each.examples));
}

void add_end(std::string& out, end_descriptor const& end) {
    out += fmt::format(".SS \"{}\"\n{}\n.PP\n.B {}\n", roff(end.title), roff(end.summary), roff(end.form));
    for (auto const& each : options_of(end))
        if (each.in_uri_only) add_option(out, fmt::format("?{}=", each.name), each);
}

}  // namespace

std::string man_page() {
    auto out = fmt::format(R"(.TH LOGPIPE 1 "" "logpipe {}" "User Commands"
.SH NAME
logpipe \- log events from a client's socket to an index, each exactly once
.SH SYNOPSIS
.B logpipe
.I SUBCOMMAND
.RI [ OPTION " ...] [" ARGUMENT " ...]"
.SH SUBCOMMANDS
)",
                           roff(version_text));
    for (auto const& each : subcommands()) add_subcommand(out, each);
    out += ".SH OPTIONS\nEach option belongs to the subcommands that name it above.\n";
    for (auto const& each : all_options())
        if (!each.in_uri_only) add_option(out, fmt::format("--{}", each.name), each);
    out += ".SH URIS\nSources and sinks are named by URIs; options of an end are also parameters of its URI.\n";
    for (auto const* end : ends()) add_end(out, *end);
    out += R"(.SH ENVIRONMENT
.TP
.B LOGPIPE_\fINAME\fR
The value of the option
.BI \-\- name\fR,
in capitals and with _ for \-. A flag overrides it, it overrides the file.
.SH FILES
.TP
.B logpipe.toml
Options as keys, in the working directory or named by
.BR \-\-config .
.SH EXIT STATUS
.TP
.B 0
All that was read is safe; the request was done.
.TP
.B 1
It could not be done; for status: something is down.
.TP
.B 2
A flag, variable, key or URI is wrong; for status: the state is unknown.
.TP
.B 3
The drain timed out; the log names what is left.
.TP
.B 4
The run ended, and every event is a dead letter.
)";
    return out;
}

}  // namespace logpipe::cli
