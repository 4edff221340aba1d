#include "command_line.hpp"

#include "core/descriptors.hpp"
#include "core/log.hpp"
#include "core/secrets.hpp"
#include "data_mode.hpp"
#include "process.hpp"
#include "settings.hpp"
#include "subcommands.hpp"
#include "version.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <cstdlib>
#include <deque>

namespace logpipe::cli {

namespace {

/// What CLI11 fills in for one subcommand.
struct parsed_flags {
    struct value {
        option_row row;
        CLI::Option* option = nullptr;
        std::vector<std::string> texts;
        bool flag = false;
    };
    subcommand const* what = nullptr;
    CLI::App* app = nullptr;
    std::deque<value> values;  // CLI11 keeps references into it
    argument_list rest;
};

std::string help_of(option_row const& row) {
    auto text = std::string{row.help};
    if (!row.fallback.empty() && row.kind != option_kind::on_off) text += fmt::format(" [{}]", row.fallback);
    return text;
}

void add_subcommand(CLI::App& app, subcommand const& what, parsed_flags& into) {
    into.what = &what;
    into.app = app.add_subcommand(std::string{what.name}, std::string{what.summary});
    into.app->footer(
        fmt::format("Examples:\n{}\nEach option is also a variable, as LOGPIPE_DATA_DIR, and a key of logpipe.toml.",
                    what.examples));
    for (auto const& row : option_rows_of(what.name)) {
        auto& value = into.values.emplace_back(parsed_flags::value{.row = row, .texts = {}});
        auto const name = fmt::format("--{}", row.name);
        if (row.kind == option_kind::on_off) {
            value.option = into.app->add_flag(name, value.flag, help_of(row));
            continue;
        }
        value.option = into.app->add_option(name, value.texts, help_of(row))->type_name(std::string{row.metavar});
        value.option->expected(1)->multi_option_policy(row.kind == option_kind::list ? CLI::MultiOptionPolicy::TakeAll
                                                                                     : CLI::MultiOptionPolicy::Throw);
        value.option->allow_extra_args(false);
    }
    if (!what.arguments.empty())
        into.app->add_option("arguments", into.rest, std::string{what.arguments})->type_name("");
}

std::map<std::string, std::vector<std::string>, std::less<>> flags_of(parsed_flags const& parsed) {
    std::map<std::string, std::vector<std::string>, std::less<>> flags;
    for (auto const& each : parsed.values) {
        if (each.option->count() == 0) continue;
        flags[std::string{each.row.name}] =
            each.row.kind == option_kind::on_off ? std::vector<std::string>{each.flag ? "on" : "off"} : each.texts;
    }
    return flags;
}

std::map<std::string, std::string, std::less<>> environment() {
    std::map<std::string, std::string, std::less<>> variables;
    auto const take = [&variables](std::string const& name) {
        if (auto const* value = std::getenv(name.c_str())) variables[name] = value;
    };
    for (auto const& row : option_rows()) {
        take(environment_name(row.name));
        if (row.kind == option_kind::secret) take(secret_environment_name(row.name));
    }
    return variables;
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
    if (auto used = use_data_mode(*options); !used) {
        log_error("{}: {}", parsed.what->name, used.error().message);
        return exit_usage;
    }
    refuse_open_secrets(options->on("strict-secrets"));
    return parsed.what->run(*options, parsed.rest);
}

}  // namespace

int run_command_line(int argument_count, char const* const* values) {
    take_over_signals();
    raise_descriptor_limit();
    CLI::App app{"logpipe: log events from a client's socket to an index, each exactly once", "logpipe"};
    app.require_subcommand(1);
    app.set_version_flag("--version", fmt::format("logpipe {} ({})", version_text, revision()));
    app.footer(
        "logpipe SUBCOMMAND --help tells more. First steps:\n"
        "  logpipe run --from 'demo:nginx?lines=100000' --once --data-dir data\n"
        "  logpipe status");
    std::deque<parsed_flags> all;
    for (auto const& each : subcommands()) add_subcommand(app, each, all.emplace_back());
    try {
        app.parse(argument_count, values);
    } catch (CLI::ParseError const& failure) {
        return app.exit(failure) == 0 ? exit_done : exit_usage;
    }
    for (auto const& each : all)
        if (each.app->parsed()) return run_parsed(each);
    return exit_usage;
}

}  // namespace logpipe::cli
