#include "command_line.hpp"

#include "core/descriptors.hpp"
#include "core/log.hpp"
#include "core/nearest.hpp"
#include "core/secrets.hpp"
#include "data_mode.hpp"
#include "memory_max.hpp"
#include "settings.hpp"
#include "signals.hpp"
#include "subcommands.hpp"
#include "version.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <deque>

namespace logpipe::cli {

namespace {

/// What CLI11 fills in for one subcommand.
struct parsed_flags {
    struct value {
        option row;
        CLI::Option* flag_option = nullptr;
        std::vector<std::string> texts;
        bool flag = false;
    };
    subcommand const* what = nullptr;
    CLI::App* app = nullptr;
    std::deque<value> values;  // CLI11 keeps references into it
    argument_list rest;
};

std::string help_of(option const& row) {
    auto text = std::string{row.help};
    if (!row.fallback.empty() && row.kind != option_kind::on_off) text += fmt::format(" [{}]", row.fallback);
    return text;
}

void add_subcommand(CLI::App& app, subcommand const& what, parsed_flags& into) {
    into.what = &what;
    into.app = app.add_subcommand(std::string{what.name}, std::string{what.summary});
    into.app->footer(
        fmt::format("Examples:\n{}\nEach option is also an environment variable (LOGPIPE_DATA_DIR for --data-dir) and "
                    "a key of logpipe.toml.",
                    what.examples));
    for (auto const& row : options_of(what.name)) {
        auto& value = into.values.emplace_back(parsed_flags::value{.row = row, .texts = {}});
        auto const name = fmt::format("--{}", row.name);
        if (row.kind == option_kind::on_off) {
            value.flag_option = into.app->add_flag(name, value.flag, help_of(row));
            continue;
        }
        value.flag_option = into.app->add_option(name, value.texts, help_of(row))->type_name(std::string{row.metavar});
        value.flag_option->expected(1)->multi_option_policy(
            row.kind == option_kind::list ? CLI::MultiOptionPolicy::TakeAll : CLI::MultiOptionPolicy::Throw);
        value.flag_option->allow_extra_args(false);
    }
    if (!what.arguments.empty())
        // CLI11 takes "[a,b]" for two arguments where there may be more than one.
        into.app->add_option("arguments", into.rest, std::string{what.arguments})
            ->type_name("")
            ->allow_extra_args(what.arguments.contains(' '));
}

std::map<std::string, std::vector<std::string>, std::less<>> flags_of(parsed_flags const& parsed) {
    std::map<std::string, std::vector<std::string>, std::less<>> flags;
    for (auto const& each : parsed.values) {
        if (each.flag_option->count() == 0) continue;
        flags[std::string{each.row.name}] =
            each.row.kind == option_kind::on_off ? std::vector<std::string>{each.flag ? "on" : "off"} : each.texts;
    }
    return flags;
}

/// Of all options, and of the secrets that they name.
std::vector<std::string> variable_names() {
    std::vector<std::string> names;
    for (auto const& row : all_options()) {
        names.push_back(environment_name(row.name));
        if (row.kind == option_kind::secret) names.push_back(secret_environment_name(row.name));
    }
    return names;
}

std::map<std::string, std::string, std::less<>> environment() {
    std::map<std::string, std::string, std::less<>> variables;
    for (auto const& name : variable_names())
        if (auto const* value = std::getenv(name.c_str())) variables[name] = value;
    return variables;
}

/// A misspelt variable would do nothing, without a word.
void warn_of_unknown_variables() {
    auto const known = variable_names();
    std::vector<std::string_view> const names{known.begin(), known.end()};
    for (char** each = environ; *each != nullptr; ++each) {
        std::string_view const variable{*each};
        auto const name = variable.substr(0, variable.find('='));
        if (!name.starts_with("LOGPIPE_") || std::ranges::find(names, name) != names.end()) continue;
        if (auto const near = nearest(name, names); !near.empty())
            log_warn("{} is not the variable of an option; did you mean {}?", name, near);
    }
}

/// What CLI11 could not place, with the nearest name that there is.
int report_unknown(std::deque<parsed_flags> const& all, std::string_view given) {
    std::vector<std::string> known;
    std::string_view where;
    for (auto const& each : all)
        if (each.app->parsed()) {
            where = each.what->name;
            for (auto const& row : options_of(where)) known.push_back(fmt::format("--{}", row.name));
        }
    if (where.empty())
        for (auto const name : subcommand_names()) known.emplace_back(name);
    std::vector<std::string_view> const names{known.begin(), known.end()};
    auto const near = nearest(given.substr(0, given.find('=')), names);
    auto const what = given.starts_with("-") ? "option" : where.empty() ? "subcommand" : "argument";
    fmt::print(stderr, "logpipe{}{}: unknown {} {}{} (logpipe {}{}--help)\n", where.empty() ? "" : " ", where, what,
               given, near.empty() ? std::string{} : fmt::format("; did you mean {}?", near), where,
               where.empty() ? "" : " ");
    return exit_usage;
}

int run_parsed(parsed_flags const& parsed) {
    auto const flags = flags_of(parsed);
    auto const variables = environment();
    auto const config = flags.find("config");
    auto const config_variable = variables.find("LOGPIPE_CONFIG");
    auto const path = config != flags.end()                ? config->second.front()
                      : config_variable != variables.end() ? config_variable->second
                                                           : std::string{};
    auto const options = settings::merge(std::string{parsed.what->name}, flags, variables, path);
    if (!options) {
        log_error("{}: {}", parsed.what->name, options.error().message);
        return exit_usage;
    }
    set_up_log({.level = parse_log_level(options->text("log-level")).value(),
                .format = parse_log_format(options->text("log-format")).value()});
    warn_of_unknown_variables();
    auto used_limits = use_data_mode(*options);
    if (used_limits && options->has("memory-max")) used_limits = use_memory_max(*options);
    if (!used_limits) {
        log_error("{}: {}", parsed.what->name, used_limits.error().message);
        return exit_usage;
    }
    auto const spec = pipeline_of(*parsed.what, *options, parsed.rest);
    if (!spec) {
        log_error("{}: {}", parsed.what->name, spec.error().message);
        return exit_usage;
    }
    auto const used = uses_of(*parsed.what, *options, parsed.rest, *spec ? &**spec : nullptr);
    if (auto good = options->check_used(used); !good) {
        log_error("{}: {}", parsed.what->name, good.error().message);
        return exit_usage;
    }
    refuse_open_secrets(options->on("strict-secrets"));
    return *spec ? parsed.what->run_pipeline(*options, **spec) : parsed.what->run(*options, parsed.rest);
}

}  // namespace

int run_command_line(int argument_count, char const* const* values) {
    take_over_signals();
    raise_descriptor_limit();
    CLI::App app{"logpipe: log events from a client's socket to an index, each exactly once", "logpipe"};
    app.require_subcommand(1);
    app.set_version_flag("--version", fmt::format("logpipe {} ({})", version_text, revision()));
    app.footer(
        "logpipe SUBCOMMAND --help and logpipe help END tell more. First steps:\n"
        "  logpipe run --from 'demo:nginx?lines=100000' --once --data-dir data\n"
        "  logpipe status");
    std::deque<parsed_flags> all;
    for (auto const& each : subcommands()) add_subcommand(app, each, all.emplace_back());
    try {
        app.parse(argument_count, values);
    } catch (CLI::ParseError const& failure) {
        auto const left = app.remaining(true);
        bool const is_unknown = failure.get_exit_code() == static_cast<int>(CLI::ExitCodes::ExtrasError) ||
                                failure.get_exit_code() == static_cast<int>(CLI::ExitCodes::RequiredError);
        if (is_unknown && !left.empty()) return report_unknown(all, left.front());
        return app.exit(failure) == 0 ? exit_done : exit_usage;
    }
    for (auto const& each : all)
        if (each.app->parsed()) return run_parsed(each);
    return exit_usage;
}

}  // namespace logpipe::cli
