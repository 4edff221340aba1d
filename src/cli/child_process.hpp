// A process of this very program, started beside it.
#pragma once

#include "logpipe/result.hpp"

#include <sys/types.h>
#include <optional>
#include <string>
#include <vector>

namespace logpipe::cli {

/// Ends with its parent, and by SIGKILL with this object. One thread.
class child_process final {
  public:
    /// Neither LOGPIPE_… variables nor a logpipe.toml of the parent's folder reach it.
    /// @param folder  where it runs
    /// @param log  file in `folder` that its standard output and error are added to
    [[nodiscard]] static result<child_process> start(std::string const& folder, std::string const& log,
                                                     std::vector<std::string> const& arguments);
    ~child_process();
    child_process(child_process&& other) noexcept;
    child_process& operator=(child_process&& other) noexcept;

    void send(int signal) const noexcept;
    /// @return its exit status, 128 + the signal that ended it; none while it runs
    [[nodiscard]] std::optional<int> status() noexcept;
    /// Waits for its end.
    void kill() noexcept;

  private:
    explicit child_process(pid_t id) noexcept : id_{id} {}

    pid_t id_ = 0;  ///< 0: moved from
    std::optional<int> status_;
};

}  // namespace logpipe::cli
