// The terminal while the monitor has it: no echo, no line editing, the alternate screen, no cursor. The destructor
// gives it back as it was.
#pragma once

#include "layout.hpp"

#include <termios.h>
#include <string>
#include <vector>

namespace logpipe::tui {

/// Owns the terminal that standard input and output are. Main thread.
class screen final {
  public:
    /// @return errc::not_found when standard input or output is not a terminal
    [[nodiscard]] result<> open();
    screen() = default;
    ~screen() { close(); }
    screen(screen const&) = delete;
    screen& operator=(screen const&) = delete;

    /// Gives it back; open() takes it again.
    void close();

    [[nodiscard]] screen_size size() const;
    /// @return errc::not_connected when the terminal is gone
    [[nodiscard]] result<> show(std::vector<std::string> const& lines);

  private:
    termios before_{};
    bool open_ = false;
};

}  // namespace logpipe::tui
