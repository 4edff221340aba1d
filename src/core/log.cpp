#include "core/log.hpp"

#include "core/clean_text.hpp"
#include "core/clock.hpp"
#include "core/json_writer.hpp"
#include "core/mutex.hpp"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/ansicolor_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <deque>
#include <memory>

namespace logpipe {

namespace {

spdlog::level::level_enum to_spdlog(log_level level) noexcept {
    switch (level) {
        case log_level::debug:
            return spdlog::level::debug;
        case log_level::info:
            return spdlog::level::info;
        case log_level::warn:
            return spdlog::level::warn;
        case log_level::error:
            return spdlog::level::err;
        case log_level::off:
            return spdlog::level::off;
    }
    return spdlog::level::info;
}

/// {"time":"…","level":"warn","message":"…"}, one line each: what `ship` and other collectors read.
class json_formatter final : public spdlog::formatter {
  public:
    void format(spdlog::details::log_msg const& message, spdlog::memory_buf_t& out) override {
        auto const time_ns =
            std::chrono::duration_cast<std::chrono::nanoseconds>(message.time.time_since_epoch()).count();
        auto const level = spdlog::level::to_string_view(message.level);
        std::string text;
        {
            json_object line{text};
            line.add("time", iso_time(time_ns));
            line.add("level", std::string_view{level.data(), level.size()});
            line.add("message", std::string_view{message.payload.data(), message.payload.size()});
        }
        out.append(text);
        out.push_back('\n');
    }
    [[nodiscard]] std::unique_ptr<spdlog::formatter> clone() const override {
        return std::make_unique<json_formatter>();
    }
};

std::shared_ptr<spdlog::logger> make_logger(log_options const& options) {
    bool const terminal = isatty(STDERR_FILENO) == 1;
    bool const json = options.format == log_format::json || (options.format == log_format::automatic && !terminal);
    auto const sink = std::make_shared<spdlog::sinks::ansicolor_stderr_sink_mt>();
    auto logger = std::make_shared<spdlog::logger>("logpipe", sink);
    if (json) {
        logger->set_formatter(std::make_unique<json_formatter>());
    } else {
        logger->set_pattern("%H:%M:%S.%e %^%l%$ %v");
    }
    logger->set_level(to_spdlog(options.level));
    logger->flush_on(spdlog::level::debug);
    return logger;
}

// spdlog's own registry is the one global: a logger must be reachable from everywhere, also from C callbacks.
std::shared_ptr<spdlog::logger>& logger() {
    static std::shared_ptr<spdlog::logger> instance = make_logger({});
    return instance;
}

/// Global like the logger whose lines it keeps.
struct note_ring {
    mutex access;
    std::deque<log_note> notes LOGPIPE_GUARDED_BY(access);
};
note_ring& notes() {
    static note_ring instance;
    return instance;
}

void keep_note(log_level level, std::string_view message) {
    auto& ring = notes();
    mutex_lock lock{ring.access};
    ring.notes.push_back(
        {.time_ns = now_ns(), .level = level, .message = std::string{message.substr(0, log_note_bytes_max)}});
    if (ring.notes.size() > log_notes_max) ring.notes.pop_front();
}

}  // namespace

std::optional<log_level> parse_log_level(std::string_view text) noexcept {
    if (text == "debug") return log_level::debug;
    if (text == "info") return log_level::info;
    if (text == "warn") return log_level::warn;
    if (text == "error") return log_level::error;
    if (text == "off") return log_level::off;
    return std::nullopt;
}

std::optional<log_format> parse_log_format(std::string_view text) noexcept {
    if (text == "auto") return log_format::automatic;
    if (text == "text") return log_format::text;
    if (text == "json") return log_format::json;
    return std::nullopt;
}

void set_up_log(log_options const& options) {
    logger() = make_logger(options);
}

bool log_enabled(log_level level) noexcept {
    return logger()->should_log(to_spdlog(level));
}

void log_write(log_level level, std::string_view message) {
    // A peer's words are in many of them, and the reader may be a terminal, or count lines.
    auto const line = clean_line(message);
    if (level == log_level::warn || level == log_level::error) keep_note(level, line);
    logger()->log(to_spdlog(level), "{}", line);
}

std::vector<log_note> recent_notes() {
    auto& ring = notes();
    mutex_lock lock{ring.access};
    return {ring.notes.begin(), ring.notes.end()};
}

std::uint64_t log_limit::admit() noexcept {
    held_.fetch_add(1, std::memory_order_relaxed);
    auto const now = std::chrono::steady_clock::now().time_since_epoch();
    auto const time_ns = std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
    auto next = next_ns_.load(std::memory_order_relaxed);
    if (time_ns < next || !next_ns_.compare_exchange_strong(next, time_ns + 1'000'000'000)) return 0;
    return held_.exchange(0, std::memory_order_relaxed);
}

}  // namespace logpipe
