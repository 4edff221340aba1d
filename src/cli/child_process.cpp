#include "child_process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <string_view>
#include <utility>

namespace logpipe::cli {

namespace {

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
    std::vector<char*> pointers;
    for (auto& each : texts) pointers.push_back(each.data());
    pointers.push_back(nullptr);
    return pointers;
}

std::vector<std::string> foreign_variables() {
    std::vector<std::string> kept;
    for (char** each = environ; *each != nullptr; ++each)
        if (!std::string_view{*each}.starts_with("LOGPIPE_")) kept.emplace_back(*each);
    return kept;
}

/// In the child, between fork and exec: only what is safe there (signal-safety(7)).
[[noreturn]] void become(char const* folder, char const* log, char* const* arguments, char* const* variables,
                         pid_t parent) {
    constexpr int cannot_start = 127;
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    std::signal(SIGPIPE, SIG_DFL);
    setpgid(0, 0);  // Ctrl-C is for the parent, which ends it
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent || chdir(folder) != 0) _exit(cannot_start);
    int const out = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    int const in = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (out < 0 || in < 0 || dup2(in, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 || dup2(out, STDERR_FILENO) < 0)
        _exit(cannot_start);
    execve("/proc/self/exe", arguments, variables);
    _exit(cannot_start);
}

}  // namespace

result<child_process> child_process::start(std::string const& folder, std::string const& log,
                                           std::vector<std::string> const& arguments) {
    std::vector<std::string> words{"logpipe"};
    words.insert(words.end(), arguments.begin(), arguments.end());
    auto variables = foreign_variables();
    auto const argument_pointers = pointers_to(words);
    auto const variable_pointers = pointers_to(variables);
    auto const parent = getpid();
    auto const id = fork();
    if (id < 0) return error{errc::storage_failed, fmt::format("fork: {}", std::strerror(errno))};
    if (id == 0) become(folder.c_str(), log.c_str(), argument_pointers.data(), variable_pointers.data(), parent);
    return child_process{id};
}

child_process::child_process(child_process&& other) noexcept
    : id_{std::exchange(other.id_, 0)}, status_{other.status_} {}

child_process& child_process::operator=(child_process&& other) noexcept {
    kill();
    id_ = std::exchange(other.id_, 0);
    status_ = other.status_;
    return *this;
}

child_process::~child_process() {
    kill();
}

void child_process::send(int signal) const noexcept {
    if (id_ != 0 && !status_) ::kill(id_, signal);
}

std::optional<int> child_process::status() noexcept {
    int ended = 0;
    if (id_ != 0 && !status_ && waitpid(id_, &ended, WNOHANG) == id_)
        status_ = WIFEXITED(ended) ? WEXITSTATUS(ended) : 128 + WTERMSIG(ended);
    return status_;
}

void child_process::kill() noexcept {
    if (id_ == 0 || status()) return;
    send(SIGKILL);
    int ended = 0;
    while (waitpid(id_, &ended, 0) < 0 && errno == EINTR) {
    }
    status_ = 128 + SIGKILL;
}

}  // namespace logpipe::cli
