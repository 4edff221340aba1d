// Configuration before it runs, and lines through the transform.
#include "check_file.hpp"
#include "check_tests.hpp"
#include "config_file.hpp"
#include "core/clock.hpp"
#include "core/log.hpp"
#include "formats/normalize.hpp"
#include "line_check.hpp"
#include "metrics_reference.hpp"
#include "subcommands.hpp"
#include "transfer.hpp"

#include <fmt/format.h>

#include <iostream>

namespace logpipe::cli {

namespace {

int check_line(settings const& options) {
    auto line = options.text("line");
    if (line == "-" && !std::getline(std::cin, line))
        return report_failure(options, {errc::invalid_argument, "no line on standard input"});
    auto check = line_check::make(options);
    if (!check) return report_failure(options, check.error());
    auto const made = check->run(line, "app.follow", now_ns());
    if (!made.reason.empty()) {
        log_error("check: rejected: {}", made.reason);
        return exit_failed;
    }
    if (!made.dropped.empty()) {
        log_warn("check: dropped by the rule {}", made.dropped);
        return exit_done;
    }
    fmt::print("{}\n", made.document);
    return exit_done;
}

/// A value as it may stand on a screen: without login and secret.
std::string shown(std::string_view name, std::string const& value) {
    if (name != "kafka") return without_login(value);
    auto const equals = std::min(value.find('='), value.size());
    auto const key = std::string_view{value}.substr(0, equals);
    for (auto const* word : {"password", "secret", "key.pem", "sasl.oauthbearer.config"})
        if (key.contains(word)) return fmt::format("{}=...", key);
    return value;
}

int check_configuration(settings const& options) {
    auto const& whose = options.text("for");
    auto const* what = subcommand_of_name(whose);
    if (what == nullptr)
        return report_failure(options, {errc::invalid_argument, fmt::format("--for {}: no such subcommand", whose)});
    std::map<std::string, std::string, std::less<>> environment;
    for (auto const& row : options_of(whose))
        if (auto const* value = std::getenv(environment_name(row.name).c_str()))
            environment[environment_name(row.name)] = value;
    auto effective = settings::merge(whose, {}, environment, options.text("config"));
    if (!effective) return report_failure(options, effective.error());
    for (auto const& [name, value] : effective->all()) {
        if (value.origin.empty()) continue;
        std::string text;
        for (auto const& each : value.values) text += (text.empty() ? "" : ", ") + shown(name, each);
        fmt::print("{:24} {:40} {}\n", name, text.empty() ? "\"\"" : text, value.origin);
    }
    auto const spec = pipeline_of(*what, *effective, {});
    if (!spec) return report_failure(options, spec.error());
    if (*spec) fmt::print("\n{}", drawing_of(**spec));
    return exit_done;
}

}  // namespace

int run_check(settings const& options, argument_list const& /*rest*/) {
    if (options.on("show-mapping")) {
        auto const mapping = formats::mapping_of(options);
        if (!mapping) return report_failure(options, mapping.error());
        fmt::print("{}", formats::to_toml(*mapping));
        return exit_done;
    }
    if (options.on("show-uris")) {
        fmt::print("{}", uris_markdown());
        return exit_done;
    }
    if (options.on("show-options")) {
        fmt::print("{}", options_markdown());
        return exit_done;
    }
    if (options.on("show-metrics")) {
        fmt::print("{}", metrics_markdown());
        return exit_done;
    }
    if (!options.text("line").empty()) return check_line(options);
    if (!options.text("file").empty()) return check_file(options);
    if (!options.text("tests").empty()) return check_tests(options);
    return check_configuration(options);
}

}  // namespace logpipe::cli
