#include "data_mode.hpp"

#include "core/log.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <charconv>

namespace logpipe::cli {

namespace {

constexpr unsigned all_rights = 0777;
constexpr unsigned own_rights = 0700;

result<unsigned> mode_of(settings const& options) {
    auto const& text = options.text("data-mode");
    unsigned mode = 0;
    auto const [end, failed] = std::from_chars(text.data(), text.data() + text.size(), mode, 8);
    bool const whole = failed == std::errc{} && end == text.data() + text.size();
    if (whole && mode <= all_rights && (mode & own_rights) == own_rights) return mode;
    return error{errc::invalid_argument,
                 fmt::format("--data-mode {}: must be from 0700 to 0777, as 0750 for a group that reads", text)};
}

}  // namespace

result<> use_data_mode(settings const& options) {
    auto const mode = mode_of(options);
    if (!mode) return mode.error();
    ::umask(all_rights & ~*mode);
    return {};
}

void compare_with_data_mode(settings const& options, std::string const& folder) {
    auto const wanted = mode_of(options);
    struct stat about{};
    if (!wanted || stat(folder.c_str(), &about) != 0) return;
    auto const mode = about.st_mode & all_rights;
    if ((mode & ~*wanted) != 0)
        log_info(
            "{} has mode {:04o}, so others of this machine may read it: chmod {:04o} it, or say --data-mode {:04o}",
            folder, mode, *wanted, mode);
}

}  // namespace logpipe::cli
