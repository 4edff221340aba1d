// One definition an option: its flag, its LOGPIPE_… variable and its key in logpipe.toml are one row of one table. A
// flag beats the variable, which beats the file, which beats the default; each value remembers where it came from.
#pragma once

#include "logpipe/result.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace logpipe::cli {

/// A `secret` names a file; the secret itself may stand in the variable without _FILE, but in no flag and no key.
enum class option_kind { text, secret, count, bytes, duration, choice, on_off, list };

struct option_row {
    std::string_view name;  ///< "drain-timeout": --drain-timeout, LOGPIPE_DRAIN_TIMEOUT, key drain-timeout
    option_kind kind;
    std::string_view metavar;      ///< for a choice, "block|drop-oldest"
    std::string_view fallback;     ///< the default, as text
    std::string_view subcommands;  ///< separated by spaces; "*" = all
    std::string_view help;
};

/// All of them. A name stands in several rows where its default differs by subcommand.
[[nodiscard]] std::span<option_row const> option_rows() noexcept;
[[nodiscard]] std::vector<option_row> option_rows_of(std::string_view subcommand);

struct setting {
    std::vector<std::string> values;  ///< one, but for lists
    std::string
        origin;  ///< "default", "logpipe.toml", "LOGPIPE_LISTEN", "--listen"; empty: no option of this subcommand
};

/// The effective values of one subcommand, each checked against its kind. Asking for a name that the table lacks is a
/// bug.
class settings final {
  public:
    [[nodiscard]] std::string const& text(std::string_view name) const;
    [[nodiscard]] std::vector<std::string> const& list(std::string_view name) const;
    [[nodiscard]] std::uint64_t count(std::string_view name) const;
    [[nodiscard]] std::uint64_t bytes(std::string_view name) const;
    [[nodiscard]] std::chrono::milliseconds duration(std::string_view name) const;
    [[nodiscard]] bool on(std::string_view name) const;
    /// What the variable without _FILE holds, or the first line of the file that the option names; empty where there is
    /// neither. @return errc::invalid_argument where both are given, or the file cannot be read.
    [[nodiscard]] result<std::string> secret(std::string_view name) const;
    /// The same with all lines of the file.
    [[nodiscard]] result<std::string> secret_lines(std::string_view name) const;

    [[nodiscard]] std::string const& subcommand() const noexcept { return subcommand_; }
    [[nodiscard]] std::map<std::string, setting, std::less<>> const& all() const noexcept { return values_; }

    /// @param flags  what stood on the command line, by option name
    /// @param environment  of the process, by variable name
    /// @param file  path of logpipe.toml; empty = ./logpipe.toml where there is one
    [[nodiscard]] static result<settings> merge(
        std::string subcommand, std::map<std::string, std::vector<std::string>, std::less<>> const& flags,
        std::map<std::string, std::string, std::less<>> const& environment, std::string const& file);

  private:
    [[nodiscard]] setting const& at(std::string_view name) const;

    std::string subcommand_;
    std::map<std::string, setting, std::less<>> values_;
    std::map<std::string, std::string, std::less<>> secrets_;  // by the option's name
};

[[nodiscard]] std::string environment_name(std::string_view option);
/// The variable that may hold the secret itself: LOGPIPE_KAFKA_PASSWORD for kafka-password-file.
[[nodiscard]] std::string secret_environment_name(std::string_view option);
/// The Markdown table of docs/reference/options.md.
[[nodiscard]] std::string options_markdown();

/// "30s", "500ms", "10m", "24h", "7d".
[[nodiscard]] result<std::chrono::milliseconds> parse_duration(std::string_view text);
/// "64MiB", "64M", "1G", "4096": binary units.
[[nodiscard]] result<std::uint64_t> parse_bytes(std::string_view text);

}  // namespace logpipe::cli
