// Lines from a file, a pipe or standard input.
#include "files/files.hpp"
#include "lines/byte_input.hpp"
#include "lines/line_source.hpp"
#include "lines/lines.hpp"
#include "lines/waiter.hpp"
#include "unique_fd.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <utility>

namespace logpipe::files {

namespace {

constexpr std::size_t piece_bytes = std::size_t{256} << 10U;

/// A regular file (also as standard input) is read as it is at that moment and can be read a second time. Everything
/// else, pipes, terminals, devices, is read as it comes.
class file_input final : public lines::byte_input {
  public:
    explicit file_input(std::string path)
        : path_{std::move(path)}, name_{path_ == "-" ? "standard input" : path_}, buffer_(piece_bytes, '\0') {}

    result<> open() override {
        if (file_.get() >= 0) return {};  // after a failed read: the kernel knows where we were
        unique_fd file = path_ == "-" ? unique_fd::borrowed(STDIN_FILENO)
                                      : unique_fd{::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)};
        struct stat about{};
        if (file.get() < 0 || fstat(file.get(), &about) != 0) return failed("open", errno);
        if (S_ISDIR(about.st_mode)) return error{errc::invalid_argument, fmt::format("{} is a directory", name_)};
        regular_ = S_ISREG(about.st_mode);
        if (regular_) bytes_total_.store(static_cast<std::uint64_t>(about.st_size), std::memory_order_relaxed);
        file_ = std::move(file);
        return {};
    }

    result<std::optional<lines::input_piece>> read(steady_time until) override {
        if (!regular_ && waiter_.wait_readable(file_.get(), until) != lines::wait_outcome::ready) return std::nullopt;
        auto const count = ::read(file_.get(), buffer_.data(), buffer_.size());
        // EAGAIN: standard input may have been made non-blocking by a process that shares it.
        if (count < 0 && (errno == EINTR || errno == EAGAIN)) return std::nullopt;
        if (count < 0) return failed("read", errno);
        if (count == 0) return lines::input_piece{.bytes = {}, .end = true};
        return lines::input_piece{.bytes = std::string_view{buffer_}.substr(0, static_cast<std::size_t>(count))};
    }

    bool repeatable() const override { return regular_; }
    void wake() override { waiter_.wake(); }

    std::optional<lines::input_size> size() const override {
        auto const total = bytes_total_.load(std::memory_order_relaxed);
        if (total == 0) return std::nullopt;
        return lines::input_size{.total = total};
    }

    stage_status status() const override {
        stage_status status;
        status.name = "file_source";
        return status;
    }

  private:
    error failed(std::string_view what, int reason) const {
        auto const message = fmt::format("cannot {} {}: {}", what, name_, std::strerror(reason));
        if (reason == ENOENT || reason == ENOTDIR || reason == EBADF) return error{errc::not_found, message};
        if (reason == EIO || reason == ESTALE) return error{errc::storage_failed, message};
        return error{errc::invalid_argument, message};
    }

    std::string path_;
    std::string name_;
    unique_fd file_;
    bool regular_ = false;
    std::string buffer_;
    lines::waiter waiter_;
    std::atomic<std::uint64_t> bytes_total_{0};
};

}  // namespace

std::unique_ptr<source> make_file_source(std::string path, lines::line_options options) {
    auto origin = path == "-" ? std::string{"standard input"} : fmt::format("file {}", path);
    return lines::make_line_source(std::make_unique<file_input>(std::move(path)),
                                   {.lines = std::move(options), .limits = {}, .origin = std::move(origin)});
}

}  // namespace logpipe::files
