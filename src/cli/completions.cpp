#include "completions.hpp"

#include "settings.hpp"
#include "subcommands.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace logpipe::cli {

namespace {

/// The values of a choice, separated by blanks.
std::string choices_of(option const& what) {
    std::string words{what.metavar};
    std::ranges::replace(words, '|', ' ');
    return words;
}

std::string replaced(std::string_view text, std::string_view part, std::string_view by) {
    std::string out{text};
    for (std::size_t at = 0; (at = out.find(part, at)) != std::string::npos; at += by.size())
        out.replace(at, part.size(), by);
    return out;
}

/// Within single quotes of zsh, and within the brackets and colons of its _arguments.
std::string for_zsh(std::string_view text) {
    std::string out;
    for (char const c : text) {
        if (c == '[' || c == ']' || c == ':' || c == '\\') out.push_back('\\');
        out.push_back(c);
    }
    return replaced(out, "'", R"('\'')");
}

/// Within single quotes of fish.
std::string for_fish(std::string_view text) {
    return replaced(replaced(text, R"(\)", R"(\\)"), "'", R"(\')");
}

std::string zsh_option(option const& each) {
    auto const repeats = each.kind == option_kind::list ? "*" : "";
    auto const name = fmt::format("{}--{}[{}]", repeats, each.name, for_zsh(each.help));
    if (each.kind == option_kind::on_off) return name;
    if (each.kind == option_kind::choice) return fmt::format("{}:value:({})", name, choices_of(each));
    return fmt::format("{}:{}:_files", name, for_zsh(each.metavar));
}

}  // namespace

std::string bash_completions() {
    std::string names;
    std::string cases;
    for (auto const& each : subcommands()) {
        names += fmt::format("{}{}", names.empty() ? "" : " ", each.name);
        std::string options;
        std::string values;
        for (auto const& row : options_of(each.name)) {
            options += fmt::format(" --{}", row.name);
            if (row.kind == option_kind::on_off) continue;
            // Any other value may be a file: then nothing is offered, and bash falls back to those.
            auto const words = row.kind == option_kind::choice ? choices_of(row) : std::string{};
            values += fmt::format("                --{}) words=\"{}\" ;;\n", row.name, words);
        }
        cases += fmt::format(
            "        {})\n            case $previous in\n{}                *) words=\"--help{}\" ;;\n            esac "
            ";;\n",
            each.name, values, options);
    }
    return fmt::format(
        R"(# bash completion of logpipe; printed by `logpipe help --completions bash`
_logpipe() {{
    local current=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD - 1]}} words=
    if [[ $COMP_CWORD -eq 1 ]]; then
        words="{} --help --version"
    else
        case ${{COMP_WORDS[1]}} in
{}        esac
    fi
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}}
complete -o default -F _logpipe logpipe
)",
        names, cases);
}

std::string zsh_completions() {
    std::string names;
    std::string cases;
    for (auto const& each : subcommands()) {
        names += fmt::format("        '{}:{}'\n", each.name, for_zsh(each.summary));
        cases += fmt::format("        {})\n            _arguments '--help[print the options]' \\\n", each.name);
        for (auto const& row : options_of(each.name))
            cases += fmt::format("                '{}' \\\n", zsh_option(row));
        cases += "                '*:argument:_files' ;;\n";
    }
    return fmt::format(R"(#compdef logpipe
# zsh completion of logpipe; printed by `logpipe help --completions zsh`
_logpipe() {{
    local -a subcommands
    subcommands=(
{}    )
    if (( CURRENT == 2 )); then
        _describe subcommand subcommands
        return
    fi
    shift words
    (( CURRENT-- ))
    case $words[1] in
{}    esac
}}
_logpipe "$@"
)",
                       names, cases);
}

std::string fish_completions() {
    std::string out =
        "# fish completion of logpipe; printed by `logpipe help --completions fish`\n"
        "complete -c logpipe -l version -d 'print the version' -n __fish_use_subcommand\n";
    for (auto const& each : subcommands())
        out += fmt::format("complete -c logpipe -f -n __fish_use_subcommand -a {} -d '{}'\n", each.name,
                           for_fish(each.summary));
    for (auto const& each : subcommands())
        for (auto const& row : options_of(each.name)) {
            auto const value = row.kind == option_kind::on_off   ? std::string{}
                               : row.kind == option_kind::choice ? fmt::format(" -x -a '{}'", for_fish(choices_of(row)))
                                                                 : std::string{" -r"};
            out += fmt::format("complete -c logpipe -n '__fish_seen_subcommand_from {}' -l {} -d '{}'{}\n", each.name,
                               row.name, for_fish(row.help), value);
        }
    return out;
}

}  // namespace logpipe::cli
