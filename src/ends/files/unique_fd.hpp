// A file descriptor that closes itself, unless it is borrowed (standard input and output are not ours to close).
#pragma once

#include <unistd.h>

#include <utility>

namespace logpipe::files {

class unique_fd final {
  public:
    unique_fd() = default;
    explicit unique_fd(int fd) noexcept : fd_{fd}, owned_{fd >= 0} {}
    [[nodiscard]] static unique_fd borrowed(int fd) noexcept {
        unique_fd made;
        made.fd_ = fd;
        return made;
    }
    ~unique_fd() { reset(); }
    unique_fd(unique_fd&& from) noexcept
        : fd_{std::exchange(from.fd_, -1)}, owned_{std::exchange(from.owned_, false)} {}
    unique_fd& operator=(unique_fd&& from) noexcept {
        if (this == &from) return *this;
        reset();
        fd_ = std::exchange(from.fd_, -1);
        owned_ = std::exchange(from.owned_, false);
        return *this;
    }

    [[nodiscard]] int get() const noexcept { return fd_; }
    void reset() noexcept {
        if (owned_) ::close(fd_);
        fd_ = -1;
        owned_ = false;
    }

  private:
    int fd_ = -1;
    bool owned_ = false;
};

}  // namespace logpipe::files
