// `logpipe help opensearch`: what an end says of itself.
#include "completions.hpp"
#include "core/nearest.hpp"
#include "ends.hpp"
#include "man_page.hpp"
#include "subcommands.hpp"
#include "transfer.hpp"

#include <fmt/format.h>

namespace logpipe::cli {

namespace {

void print_options(std::string_view title, std::vector<option> const& options) {
    if (options.empty()) return;
    fmt::print("\n{}:\n", title);
    for (auto const& each : options) {
        auto const name = each.in_uri_only ? fmt::format("?{}={}", each.name, each.metavar)
                                           : fmt::format("--{} {}", each.name, each.metavar);
        bool const has_default = !each.fallback.empty() && each.kind != option_kind::on_off;
        fmt::print("  {:<34} {}{}\n", name, each.help, has_default ? fmt::format(" [{}]", each.fallback) : "");
    }
}

void print_end(end_descriptor const& end) {
    fmt::print("{}: {}\n\n  {}\n", end.title, end.summary, end.form);
    print_options("As a source", end.source_options);
    print_options("As a sink", end.sink_options);
    fmt::print(
        "\nEach is also a parameter of the URI (?NAME=VALUE&…), an environment variable LOGPIPE_NAME and a key of "
        "logpipe.toml.\n");
    if (!end.examples.empty()) fmt::print("\nExamples:\n");
    for (auto const example : end.examples) fmt::print("  {}\n", example);
}

void print_all() {
    fmt::print("Subcommands (logpipe SUBCOMMAND --help):\n");
    for (auto const& each : subcommands()) fmt::print("  {:<12} {}\n", each.name, each.summary);
    fmt::print("\nEnds (logpipe help END):\n");
    for (auto const* end : ends()) fmt::print("  {:<12} {}\n", end->name, end->summary);
}

}  // namespace

int run_help(settings const& options, argument_list const& rest) {
    if (auto const& shell = options.text("completions"); !shell.empty()) {
        fmt::print("{}", shell == "bash"  ? bash_completions()
                         : shell == "zsh" ? zsh_completions()
                                          : fish_completions());
        return exit_done;
    }
    if (options.on("man")) {
        fmt::print("{}", man_page());
        return exit_done;
    }
    if (rest.empty()) {
        print_all();
        return exit_done;
    }
    for (auto const* end : ends())
        if (end->name == rest.front() || end_of_scheme(rest.front()) == end) {
            print_end(*end);
            return exit_done;
        }
    std::vector<std::string_view> names;
    for (auto const* end : ends()) names.push_back(end->name);
    auto const near = nearest(rest.front(), names);
    auto const hint = subcommand_of_name(rest.front()) != nullptr ? fmt::format("; see logpipe {} --help", rest.front())
                      : near.empty()                              ? std::string{"; logpipe help lists them"}
                                                                  : fmt::format("; did you mean \"{}\"?", near);
    return report_failure(options, {errc::invalid_argument, fmt::format("unknown end \"{}\"{}", rest.front(), hint)});
}

}  // namespace logpipe::cli
