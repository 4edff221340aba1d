#include "core/secrets.hpp"

#include "core/log.hpp"
#include "core/mutex.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <iterator>
#include <set>

namespace logpipe {

namespace {

/// One for the process, as its command line is.
struct secret_rules {
    std::atomic<bool> refuse_open = false;
    mutex access;
    std::set<std::string> warned_of LOGPIPE_GUARDED_BY(access);  // paths
};
secret_rules& rules() {
    static secret_rules instance;
    return instance;
}

bool is_first_warning(std::string const& path) {
    mutex_lock const lock{rules().access};
    return rules().warned_of.insert(path).second;
}

}  // namespace

void refuse_open_secrets(bool refuse) {
    rules().refuse_open = refuse;
}

result<> check_secret_file(std::string const& path) {
    struct stat about{};
    bool const open = stat(path.c_str(), &about) == 0 && S_ISREG(about.st_mode) && (about.st_mode & S_IROTH) != 0;
    if (!open) return {};
    if (rules().refuse_open)
        return error{errc::invalid_argument,
                     fmt::format("every user of this machine can read {}: chmod 600 it (--strict-secrets)", path)};
    if (is_first_warning(path))
        log_warn(
            "every user of this machine can read the secret in {}: chmod 600 it, or, where it is mounted so, leave it",
            path);
    return {};
}

std::string without_line_end(std::string secret) {
    while (secret.ends_with('\n') || secret.ends_with('\r')) secret.pop_back();
    return secret;
}

result<std::string> read_secret_lines(std::string const& path) {
    if (auto usable = check_secret_file(path); !usable) return usable.error();
    std::ifstream file{path};
    std::string lines{std::istreambuf_iterator<char>{file}, {}};
    for (auto at = lines.find("\r\n"); at != std::string::npos; at = lines.find("\r\n", at)) lines.erase(at, 1);
    if (lines.ends_with('\r')) lines.pop_back();
    if (!file || lines.empty() || lines.front() == '\n')
        return error{errc::invalid_argument, fmt::format("{} cannot be read or its first line is empty", path)};
    return lines;
}

result<std::string> read_secret(std::string const& path) {
    auto line = read_secret_lines(path);
    if (line) line->resize(std::min(line->find('\n'), line->size()));
    return line;
}

bool is_same_secret(std::string_view a, std::string_view b) noexcept {
    if (a.size() != b.size()) return false;
    unsigned different = 0;
    for (std::size_t i = 0; i < a.size(); ++i) different |= static_cast<unsigned>(a[i]) ^ static_cast<unsigned>(b[i]);
    return different == 0;
}

}  // namespace logpipe
