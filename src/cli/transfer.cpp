#include "transfer.hpp"

#include "core/end_uri.hpp"
#include "core/log.hpp"
#include "subcommands.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <iostream>

namespace logpipe::cli {

result<bool> is_meant(settings const& options, std::string_view consequence) {
    if (options.on("yes")) return true;
    if (::isatty(STDIN_FILENO) == 0)
        return error{errc::invalid_argument, fmt::format("{} Say --yes to mean it.", consequence)};
    fmt::print("{} Go on? [y/N] ", consequence);
    std::fflush(stdout);
    std::string answer;
    return std::getline(std::cin, answer) && (answer == "y" || answer == "yes");
}

int report_failure(settings const& options, error const& reason) {
    log_error("{}: {}", options.subcommand(), reason.message);
    return reason.code == errc::invalid_argument ? exit_usage : exit_failed;
}

int say_dead_letters(process_snapshot const& last, std::string const& uri, std::size_t storing_count, int status) {
    std::uint64_t dead = 0;
    for (auto const& each : last.pumps) dead += each.this_run.dead;
    if (dead == 0) return status;
    std::uint64_t stored = 0;
    for (auto i = last.pumps.size() - std::min(storing_count, last.pumps.size()); i < last.pumps.size(); ++i)
        stored += last.pumps[i].this_run.indexed + last.pumps[i].this_run.already_there;
    bool const listed = uri.starts_with("kafka:") || uri.starts_with("journal:");
    log_error("{}: {}{} of {} events are DEAD LETTERS, in {}; {}{}", last.subcommand, stored == 0 ? "all " : "", dead,
              dead + stored, uri, listed ? "see why: logpipe dlq ls " : "one a line, each with its reason",
              listed ? uri : std::string{});
    return status == exit_done && stored == 0 ? exit_all_dead : status;
}

result<std::string> source_uri_of(settings const& options, std::string const& argument) {
    std::vector<std::string> named;
    if (!argument.empty()) named.push_back(argument);
    if (auto const& url = options.text("url"); !url.empty() && options.subcommand() == "produce") named.push_back(url);
    if (auto const& path = options.text("file"); !path.empty()) named.push_back(file_uri(path));
    if (auto const& demo = options.text("demo"); !demo.empty()) named.push_back("demo:nginx?" + demo);
    if (auto const& from = options.text("from"); !from.empty() && options.subcommand() == "produce")
        named.push_back(from);
    // serve's --url has a default, which any other source overrides.
    if (named.empty() && options.subcommand() == "serve") named.push_back(options.text("url"));
    if (named.size() == 1) return named.front();
    return error{errc::invalid_argument,
                 named.empty() ? "say where lines come from: --url, --file, --demo, or - for standard input"
                               : "only one source of lines can be given"};
}

namespace {

/// A file can be read again; a pipe, a terminal or a device cannot.
bool can_be_read_again(std::string const& from_uri) {
    auto const uri = parse_uri(from_uri);
    if (!uri || uri->scheme != "file") return true;
    struct stat about{};
    int const failed = uri->rest == "-" ? fstat(STDIN_FILENO, &about) : stat(uri->rest.c_str(), &about);
    return failed != 0 || S_ISREG(about.st_mode);
}

}  // namespace

std::chrono::milliseconds give_up_after(settings const& options, std::string const& from_uri) {
    if (options.is_default("give-up-after") && !can_be_read_again(from_uri)) return std::chrono::milliseconds{0};
    return options.duration("give-up-after");
}

std::string without_login(std::string_view uri) {
    auto const scheme = uri.find("://");
    if (scheme == std::string_view::npos) return std::string{uri};
    auto const begin = scheme + 3;
    auto const host = uri.substr(begin, uri.find_first_of("/?#", begin) - begin);
    auto const at = host.rfind('@');
    if (at == std::string_view::npos) return std::string{uri};
    return fmt::format("{}...{}", uri.substr(0, begin), uri.substr(begin + at));
}

bool writes_to_standard_output(std::string_view uri) noexcept {
    return uri == "-" || uri == "file:-" || uri.starts_with("stdout:");
}

result<transfer> make_produce(endpoints& ends, std::string const& from_uri) {
    auto const& options = ends.options();
    auto from = ends.make_source(from_uri);
    if (!from) return from.error();
    auto to = ends.make_sink(options.text("to"));
    if (!to) return to.error();
    auto dead = ends.make_letters(options.text("dead-letters"));
    if (!dead) return dead.error();
    transfer made{.dead = *std::move(dead), .moving = nullptr};
    made.moving =
        runtime::make_pump({.from = *std::move(from), .change = nullptr, .to = *std::move(to), .dead = made.dead.get()},
                           {.name = "produce", .source_failure_is_final = true});
    return made;
}

double gauge_of(stage_status const& stage, std::string_view name) {
    auto const found = std::ranges::find(stage.gauges, name, &std::pair<std::string, double>::first);
    return found == stage.gauges.end() ? 0.0 : found->second;
}

namespace {

/// A listener keeps no figures; the journal that it fills does, of what is in it.
void add_stored(pump_snapshot& in, std::uint64_t journal_begin) {
    in.book.counts.in += journal_begin;
    in.book.counts.indexed += journal_begin;
}

}  // namespace

ledger journal_book(process_snapshot& now, std::uint64_t journal_begin) {
    auto& in = now.pumps.at(0);
    add_stored(in, journal_begin);
    if (now.pumps.size() == 1) return in.book;
    auto const& out = now.pumps.at(1);
    ledger book{.counts = out.book.counts, .in_flight = 0};
    // What the journal held at the start came in before; every other term is counted where it happens.
    book.counts.in = journal_begin + in.this_run.in;
    book.counts.already_there += in.this_run.already_there;
    book.counts.dead += in.this_run.dead;
    book.counts.routed += in.this_run.routed;
    book.in_flight = in.book.in_flight + out.backlog.value_or(0) + out.book.in_flight;
    book.taken = in.book.taken + out.book.taken;
    return book;
}

ledger broker_book(process_snapshot& now, std::uint64_t journal_begin) {
    add_stored(now.pumps.at(0), journal_begin);
    auto const& receive = now.pumps.at(0);
    auto const& deliver = now.pumps.at(1);
    auto const& index = now.pumps.at(2);
    auto const coming = receive.book.not_safe() + waiting_events(deliver) + index.backlog.value_or(0);
    ledger book{.counts = index.book.counts,
                .in_flight = coming + index.book.in_flight,
                .taken = index.book.taken,
                .passed = index.book.passed};
    for (auto const* upstream : {&receive, &deliver}) {
        book.counts.already_there += upstream->this_run.already_there;
        book.counts.dead += upstream->this_run.dead;
        book.counts.in += upstream->this_run.already_there + upstream->this_run.dead;
    }
    book.counts.in += coming;
    return book;
}

}  // namespace logpipe::cli
