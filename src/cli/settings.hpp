// The values of options: a flag beats the LOGPIPE_… variable, which beats the key in logpipe.toml, which beats the
// default; each value remembers where it came from.
#pragma once

#include "ends.hpp"
#include "logpipe/descriptor.hpp"
#include "logpipe/pipeline.hpp"
#include "logpipe/result.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace logpipe::cli {

/// An option of subcommands themselves.
struct option_row {
    std::string_view name;  ///< "drain-timeout": --drain-timeout, LOGPIPE_DRAIN_TIMEOUT, key drain-timeout
    option_kind kind;
    std::string_view metavar;      ///< for a choice, "block|drop-oldest"
    std::string_view fallback;     ///< the default, as text
    std::string_view subcommands;  ///< separated by spaces; "*" = all
    std::string_view help;
};

/// Its own, and those of the ends that it may have; a name that several have is there once.
[[nodiscard]] std::vector<option> options_of(std::string_view subcommand);
[[nodiscard]] std::vector<option> all_options();
[[nodiscard]] bool is_own_option(std::string_view subcommand, std::string_view name);

struct setting {
    std::vector<std::string> values{};  ///< one, but for lists
    std::string origin{};  ///< "default", "logpipe.toml", "LOGPIPE_LISTEN", "--listen"; empty: not of this subcommand
    option_kind kind = option_kind::text;
    bool meant = false;  ///< for this subcommand: by a flag, or in its own table of the file
};

/// The effective values of one subcommand, each checked against its kind and range. Asking for a name that no option
/// has is a bug.
class settings final : public option_values {
  public:
    [[nodiscard]] std::string const& text(std::string_view name) const override;
    [[nodiscard]] std::vector<std::string> const& list(std::string_view name) const override;
    [[nodiscard]] std::uint64_t number(std::string_view name) const override;
    /// @return errc::invalid_argument where both file and variable are given, or the file cannot be read.
    [[nodiscard]] result<std::string> secret(std::string_view name) const override;
    [[nodiscard]] bool is_default(std::string_view name) const override;

    [[nodiscard]] std::uint64_t count(std::string_view name) const { return number(name); }
    [[nodiscard]] std::uint64_t bytes(std::string_view name) const { return number(name); }
    [[nodiscard]] std::chrono::milliseconds duration(std::string_view name) const {
        return std::chrono::milliseconds{number(name)};
    }
    [[nodiscard]] bool on(std::string_view name) const { return number(name) != 0; }

    /// Whether the subcommand has it; of others the value is the default.
    [[nodiscard]] bool has(std::string_view name) const;
    /// Whether it was given to this subcommand, not just found in the environment or at the top of the file.
    [[nodiscard]] bool is_meant(std::string_view name) const { return at(name).meant; }
    [[nodiscard]] std::string const& subcommand() const noexcept { return subcommand_; }
    [[nodiscard]] std::map<std::string, setting, std::less<>> const& all() const noexcept { return values_; }

    /// Of the file's tables [hops.NAME], in their order there, as they stand.
    [[nodiscard]] std::vector<hop_spec> const& hops() const noexcept { return hops_; }

    /// Of the options given by flag or in the subcommand's own table of the file, those that none of these ends has are
    /// an error: they would do nothing.
    [[nodiscard]] result<> check_used(std::span<used_end const> used) const;

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
    std::vector<hop_spec> hops_;
};

/// Values of an end as its URI's query sets them, over those of the settings.
class end_values final : public option_values {
  public:
    /// Those of the settings alone.
    explicit end_values(settings const& under) : under_{&under} {}
    /// @param options  of the end, or of the transform
    /// @return errc::invalid_argument for a parameter that is none of these, a value that cannot be, or a secret
    /// itself.
    [[nodiscard]] static result<end_values> of(end_uri const& uri, std::vector<option> const& options,
                                               settings const& under);

    [[nodiscard]] std::string const& text(std::string_view name) const override;
    [[nodiscard]] std::vector<std::string> const& list(std::string_view name) const override;
    [[nodiscard]] std::uint64_t number(std::string_view name) const override;
    [[nodiscard]] result<std::string> secret(std::string_view name) const override;
    [[nodiscard]] bool is_default(std::string_view name) const override;

  private:
    settings const* under_;
    std::map<std::string, std::pair<option_kind, std::vector<std::string>>, std::less<>> values_;
};

/// @return errc::invalid_argument naming what was expected
[[nodiscard]] result<> check_value(option const& what, std::string_view value);
/// A count, bytes, milliseconds, or 1 for on and yes.
[[nodiscard]] std::uint64_t number_of(option_kind kind, std::string_view value);

[[nodiscard]] std::string environment_name(std::string_view option);
/// The variable that may hold the secret itself: LOGPIPE_KAFKA_PASSWORD for kafka-password-file.
[[nodiscard]] std::string secret_environment_name(std::string_view option);
/// The tables of docs/reference/options.md.
[[nodiscard]] std::string options_markdown();
/// The table of docs/reference/uris.md.
[[nodiscard]] std::string uris_markdown();

/// "30s", "500ms", "10m", "24h", "7d".
[[nodiscard]] result<std::chrono::milliseconds> parse_duration(std::string_view text);
/// "64MiB", "64M", "1G", "4096": binary units.
[[nodiscard]] result<std::uint64_t> parse_bytes(std::string_view text);

}  // namespace logpipe::cli
