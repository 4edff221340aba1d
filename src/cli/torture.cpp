// Kills the pipeline at random moments on the user's own disk, then counts what is in the store.
#include "child_process.hpp"
#include "core/file.hpp"
#include "core/log.hpp"
#include "disk_facts.hpp"
#include "lines/lines.hpp"
#include "signals.hpp"
#include "store/sqlite.hpp"
#include "subcommands.hpp"
#include "torture_report.hpp"
#include "transfer.hpp"
#include "version.hpp"

#include <fmt/format.h>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include <csignal>
#include <filesystem>
#include <random>

namespace logpipe::cli {

namespace {

using clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

/// A free one of this moment.
result<std::uint16_t> free_port() {
    int const probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    bool const found = probe >= 0 && ::bind(probe, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
                       ::getsockname(probe, reinterpret_cast<sockaddr*>(&address), &size) == 0;
    if (probe >= 0) ::close(probe);
    if (!found) return error{errc::not_connected, "no free port on 127.0.0.1"};
    return ntohs(address.sin_port);
}

class torture final {
  public:
    torture(settings const& options, std::string folder, std::uint64_t seed)
        : options_{options},
          folder_{std::move(folder)},
          seed_{seed},
          chance_{seed},
          lines_{options.count("lines")},
          kills_{options.count("kills")} {}

    result<torture_report> run();

  private:
    result<> begin();
    result<> start_pipeline();
    result<> start_sender();
    result<> kill_one(std::uint64_t number);
    result<> wait_until_sent();
    result<> wait_until_stored();
    static result<int> end_of(child_process& child);
    result<> stop_pipeline();
    result<> verify(torture_report& report);
    /// Sleeps, as long as both processes do what they should.
    result<> go_on(milliseconds time);
    [[nodiscard]] error died(std::string_view which, int status, std::string_view log) const;
    [[nodiscard]] std::string store_path() const { return folder_ + "/data/store.sqlite"; }

    settings const& options_;
    std::string const folder_;
    std::uint64_t const seed_;
    std::mt19937_64 chance_;
    std::uint64_t const lines_;
    std::uint64_t const kills_;
    std::string const run_id_ = lines::make_run_id();
    std::string address_;
    std::optional<child_process> pipeline_;
    std::optional<child_process> sender_;
    std::uint64_t pipeline_kills_ = 0;
    std::uint64_t sender_kills_ = 0;
};

error torture::died(std::string_view which, int status, std::string_view log) const {
    return error{errc::storage_failed,
                 fmt::format("the {} ended by itself with status {}; its log is {}/{}", which, status, folder_, log)};
}

result<> torture::go_on(milliseconds time) {
    auto const until = clock::now() + time;
    do {
        if (pipeline_)
            if (auto const status = pipeline_->status()) return died("pipeline", *status, "pipeline.log");
        if (sender_)
            if (auto const status = sender_->status(); status && *status != exit_done)
                return died("sender", *status, "sender.log");
        auto const left = std::chrono::duration_cast<milliseconds>(until - clock::now());
        if (signal_came(std::clamp(left, milliseconds{0}, milliseconds{20})))
            return error{errc::end_of_input, "interrupted"};
    } while (clock::now() < until);
    return {};
}

result<> torture::start_pipeline() {
    auto started = child_process::start(folder_, "pipeline.log",
                                        {"run", "--data-dir", "data", "--listen", address_, "--admin", "none", "--page",
                                         "none", "--log-format", "json"});
    if (!started) return started.error();
    pipeline_ = *std::move(started);
    return {};
}

result<> torture::start_sender() {
    auto started = child_process::start(
        folder_, "sender.log",
        {"produce", "--demo", fmt::format("lines={}&rate={}&seed=1&serial=1", lines_, options_.count("rate")), "--to",
         "forward://" + address_, "--run-id", run_id_, "--log-format", "json"});
    if (!started) return started.error();
    sender_ = *std::move(started);
    return {};
}

result<> torture::begin() {
    auto const port = free_port();
    if (!port) return port.error();
    address_ = fmt::format("127.0.0.1:{}", *port);
    if (auto started = start_pipeline(); !started) return started;
    return start_sender();
}

/// One in six is the sender's, which begins again from the first line; only in the first half, for that takes long.
result<> torture::kill_one(std::uint64_t number) {
    bool const kills_sender = number < kills_ / 2 && chance_() % 6 == 0 && !sender_->status();
    if (kills_sender) {
        sender_->kill();
        ++sender_kills_;
        log_info("torture: kill {} of {}: the sender", number + 1, kills_);
        return start_sender();
    }
    pipeline_->kill();
    ++pipeline_kills_;
    log_info("torture: kill {} of {}: the pipeline", number + 1, kills_);
    return start_pipeline();
}

result<> torture::wait_until_sent() {
    while (!sender_->status())
        if (auto fine = go_on(milliseconds{100}); !fine) return fine;
    return {};
}

/// Until all is there, or nothing has come for long.
result<> torture::wait_until_stored() {
    constexpr auto patience = std::chrono::seconds{30};
    std::uint64_t before = 0;
    for (auto until = clock::now() + patience; clock::now() < until;) {
        auto const store = store::open_store(store_path());
        auto const count = store ? (*store)->count() : result<std::uint64_t>{0};
        if (count && *count >= lines_) return {};
        if (count && *count != before) until = clock::now() + patience;
        if (count) before = *count;
        if (auto fine = go_on(milliseconds{200}); !fine) return fine;
    }
    return {};
}

/// Its exit status, once it has ended.
result<int> torture::end_of(child_process& child) {
    while (!child.status())
        if (signal_came(milliseconds{50})) return error{errc::end_of_input, "interrupted"};
    return *child.status();
}

result<> torture::stop_pipeline() {
    pipeline_->send(SIGTERM);
    auto const status = end_of(*pipeline_);
    if (!status) return status.error();
    if (*status != exit_done) return died("pipeline", *status, "pipeline.log");
    return {};
}

result<> torture::verify(torture_report& report) {
    auto started = child_process::start(
        folder_, "verify.log",
        {"verify", "--ids", "--from", "journal:data/nginx-logs", "--to", "sqlite:data/store.sqlite"});
    if (!started) return started.error();
    auto const status = end_of(*started);
    if (!status) return status.error();
    report.verify_status = *status;
    auto text = read_file(system_files(), folder_ + "/verify.log", std::size_t{1} << 20U);
    if (!text) return text.error();
    report.verify_text = *std::move(text);
    return {};
}

result<torture_report> torture::run() {
    torture_report report{.lines = lines_, .seed = seed_, .rate = options_.count("rate")};
    auto const begun_at = clock::now();
    if (auto disk = facts_of_disk(folder_); disk)
        report.disk = *std::move(disk);
    else
        return disk.error();
    if (auto begun = begin(); !begun) return begun.error();
    auto const mean_ms = lines_ * 1000 / options_.count("rate") / (kills_ + 1);
    for (std::uint64_t number = 0; number < kills_; ++number) {
        // Some right after a start, which hits the recovery from the kill before.
        auto const moment = chance_() % 4 == 0 ? chance_() % 100 : chance_() % (2 * mean_ms + 1);
        if (auto fine = go_on(milliseconds{moment}); !fine) return fine.error();
        if (auto killed = kill_one(number); !killed) return killed.error();
    }
    for (auto const step : {&torture::wait_until_sent, &torture::wait_until_stored, &torture::stop_pipeline})
        if (auto done = (this->*step)(); !done) return done.error();
    report.pipeline_kills = pipeline_kills_;
    report.sender_kills = sender_kills_;
    auto store = store::open_store(store_path());
    if (!store) return store.error();
    if (auto counted = count_serials(**store, report); !counted) return counted.error();
    if (auto verified = verify(report); !verified) return verified.error();
    report.time = std::chrono::duration_cast<std::chrono::seconds>(clock::now() - begun_at);
    return report;
}

}  // namespace

int run_torture(settings const& options, argument_list const& /*rest*/) {
    if (options.text("data-dir").empty())
        return report_failure(options, {errc::invalid_argument,
                                        "--data-dir DIR says on which disk; a new folder is made in it, and removed"});
    for (auto const name : {"lines", "rate"})
        if (options.count(name) == 0)
            return report_failure(options, {errc::invalid_argument, fmt::format("--{}: expected at least 1", name)});
    auto const seed = options.count("seed") != 0 ? options.count("seed") : std::random_device{}();
    auto const folder = fmt::format("{}/torture-{}", options.text("data-dir"), getpid());
    std::error_code failed;
    std::filesystem::create_directories(folder, failed);
    if (failed) return report_failure(options, {errc::storage_failed, fmt::format("{}: {}", folder, failed.message())});
    auto report = torture{options, folder, seed}.run();
    if (!report) {
        log_error("torture: {}; all that is left is in {}", report.error().message, folder);
        return exit_failed;
    }
    fmt::print("{}", to_text(*report));
    if (!is_passed(*report)) {
        log_error("torture: failed; data and logs are in {}", folder);
        return exit_failed;
    }
    std::filesystem::remove_all(folder, failed);
    if (failed) log_warn("torture: {} cannot be removed: {}", folder, failed.message());
    return exit_done;
}

}  // namespace logpipe::cli
