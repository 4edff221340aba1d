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

int say_dead_letters(process_snapshot const& last, pipeline_spec const& spec, int status) {
    std::uint64_t dead = 0;
    for (auto const& each : last.pumps) dead += each.this_run.dead;
    if (dead == 0) return status;
    auto const& hop = spec.hops.back();
    std::uint64_t others = 0;
    for (auto i = last.pumps.size() - std::min(hop.threads, last.pumps.size()); i < last.pumps.size(); ++i)
        others += last.pumps[i].this_run.indexed + last.pumps[i].this_run.duplicates + last.pumps[i].this_run.dropped;
    auto const uri = without_login(hop.dead_letters);
    bool const listed = uri.starts_with("kafka:") || uri.starts_with("journal:");
    log_error("{}: {}{} of {} events are DEAD LETTERS, in {}; {}{}", last.subcommand, others == 0 ? "all " : "", dead,
              dead + others, uri, listed ? "list them: logpipe dlq ls " : "one a line, each with its reason",
              listed ? uri : std::string{});
    return status == exit_done && others == 0 ? exit_all_dead : status;
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
    bool const has_no_end = options.on("follow") || !can_be_read_again(from_uri);
    if (options.is_default("give-up-after") && has_no_end) return std::chrono::milliseconds{0};
    return options.duration("give-up-after");
}

bool reads_files(std::string_view uri) {
    auto const parsed = parse_uri(uri);
    return parsed && parsed->scheme == "file" && parsed->rest != "-";
}

bool writes_to_standard_output(std::string_view uri) noexcept {
    return uri == "-" || uri == "file:-" || uri.starts_with("stdout:");
}

hop_spec hop_of_produce(settings const& options, std::string from_uri) {
    bool const is_followed = options.on("follow") && options.subcommand() == "produce";
    bool const is_remembered = (is_followed || !options.text("state").empty()) && reads_files(from_uri);
    return {.name = "produce",
            .from = std::move(from_uri),
            .to = options.text("to"),
            .dead_letters = options.text("dead-letters"),
            .group = is_remembered ? "produce" : "",
            .until_end = is_remembered && !is_followed,
            .source_failure_is_final = !is_followed};
}

}  // namespace logpipe::cli
