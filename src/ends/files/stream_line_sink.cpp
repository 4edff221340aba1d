#include "stream_line_sink.hpp"

#include "core/clean_text.hpp"
#include "core/stage_health.hpp"
#include "line_text.hpp"
#include "lines/waiter.hpp"
#include "unique_fd.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <utility>

namespace logpipe::files {

namespace {

/// Safe means that the descriptor took it. SIGPIPE must be blocked or ignored, as it is on stage threads.
class stream_line_sink final : public sink {
  public:
    explicit stream_line_sink(std::string path)
        : path_{std::move(path)}, name_{path_ == "-" ? "standard output" : path_} {}

    result<> open(completions& reports) override {
        reports_ = &reports;
        // Not waiting for room is also not waiting for a reader of a named pipe: there is none, ENXIO, not connected.
        to_ = path_ == "-" ? unique_fd::borrowed(STDOUT_FILENO)
                           : unique_fd{::open(path_.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)};
        struct stat about{};
        if (to_.get() < 0 || fstat(to_.get(), &about) != 0) return failed(errno);
        regular_ = S_ISREG(about.st_mode);
        terminal_ = isatty(to_.get()) == 1;
        health_.up();
        return {};
    }

    result<> write(batch& events) override {
        text_.clear();
        append_lines(events, text_);
        if (terminal_) text_ = visible_text(text_);
        // After a failure the same batch is retried; what had gone out of it already cannot be taken back.
        while (written_bytes_ < text_.size())
            if (auto put = put_some(); !put) return put;
        written_bytes_ = 0;
        health_.up();
        count_written(events);
        reports_->done(std::move(events));
        return {};
    }

    result<> flush() override { return {}; }

    result<std::optional<std::vector<progress>>> stored(std::string const& /*source_identity*/) override {
        return std::nullopt;
    }

    void cancel() override {
        cancelled_.store(true);
        waiter_.wake();
    }

    stage_status status() const override {
        stage_status status;
        status.name = "file_sink";
        health_.describe(status);
        return status;
    }

  private:
    result<> put_some() {
        if (cancelled_.load()) return error{errc::cancelled, fmt::format("writing {} was cancelled", name_)};
        auto count = text_.size() - written_bytes_;
        if (!regular_) {
            // A pipe that polls as writable has room for PIPE_BUF bytes (pipe(7)): so no write waits where cancel()
            // would not reach it. The descriptor is shared with others, so it is not ours to make non-blocking.
            count = std::min<std::size_t>(count, PIPE_BUF);
            if (waiter_.wait_writable(to_.get(), steady_time::max()) != lines::wait_outcome::ready) return {};
        }
        auto const put = ::write(to_.get(), text_.data() + written_bytes_, count);
        if (put >= 0) {
            written_bytes_ += static_cast<std::size_t>(put);
        } else if (errno != EINTR && errno != EAGAIN) {
            return failed(errno);
        }
        return {};
    }

    error failed(int reason) {
        auto failure = error_of(reason);
        health_.down(failure);
        return failure;
    }

    error error_of(int reason) const {
        auto const message = fmt::format("cannot write {}: {}", name_, std::strerror(reason));
        // Nobody can come back to our standard output.
        if (reason == EPIPE && path_ == "-") return error{errc::cancelled, message};
        if (reason == EPIPE || reason == ENXIO) return error{errc::not_connected, message};
        if (reason == EBADF || reason == EACCES) return error{errc::invalid_argument, message};
        if (reason == ENOSPC || reason == EDQUOT || reason == EFBIG) return error{errc::storage_full, message};
        return error{errc::storage_failed, message};
    }

    std::string path_;
    std::string name_;
    unique_fd to_;
    completions* reports_ = nullptr;
    bool regular_ = false;
    bool terminal_ = false;  // which a client's text must not drive
    std::string text_;
    std::size_t written_bytes_ = 0;  // of text_
    lines::waiter waiter_;
    std::atomic<bool> cancelled_{false};
    stage_health health_;
};

}  // namespace

std::unique_ptr<sink> make_stream_line_sink(std::string path) {
    return std::make_unique<stream_line_sink>(std::move(path));
}

}  // namespace logpipe::files
