// logpipe.toml: keys at the top hold for every subcommand that has such an option, keys in [produce], [run], … for that
// one; a table [hops.NAME] is a hop of `run`.
#pragma once

#include "logpipe/pipeline.hpp"
#include "logpipe/result.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace logpipe::cli {

struct config_value {
    std::vector<std::string> texts;
    bool in_table = false;  ///< of the subcommand, not at the top
};
using config_values = std::map<std::string, config_value, std::less<>>;

struct config {
    config_values values;        ///< for the subcommand
    std::vector<hop_spec> hops;  ///< in the file's order, as they stand there
};

/// @return errc::invalid_argument names file, line and the nearest right name of an
/// unknown key.
[[nodiscard]] result<config> parse_config(std::string_view text, std::string const& path, std::string_view subcommand);
/// The same of a file.
[[nodiscard]] result<config> read_config_file(std::string const& path, std::string_view subcommand);

}  // namespace logpipe::cli
