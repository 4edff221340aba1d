#include "screen.hpp"

#include <fmt/format.h>

#include <sys/ioctl.h>
#include <unistd.h>
#include <cerrno>
#include <cstring>
#include <string_view>

namespace logpipe::tui {

namespace {

// xterm's private modes, which all terminals of today know: https://invisible-island.net/xterm/ctlseqs/ctlseqs.html
constexpr std::string_view take = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J";  // alternate screen, no cursor, no wrap
constexpr std::string_view give_back = "\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l";

result<> write_all(std::string_view text) {
    while (!text.empty()) {
        auto const written = ::write(STDOUT_FILENO, text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return error{errc::not_connected, fmt::format("the terminal: {}", std::strerror(errno))};
        text.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
}

}  // namespace

result<> screen::open() {
    if (isatty(STDIN_FILENO) != 1 || isatty(STDOUT_FILENO) != 1 || tcgetattr(STDIN_FILENO, &before_) != 0)
        return error{errc::not_found, "standard input and output are not a terminal"};
    auto raw = before_;
    // Without ISIG Ctrl-C comes as a key, so that leaving has one way; OPOST stays, we write \r\n ourselves anyway.
    raw.c_lflag &= ~static_cast<tcflag_t>(ECHO | ICANON | ISIG | IEXTEN);
    raw.c_iflag &= ~static_cast<tcflag_t>(IXON | ICRNL);
    raw.c_cc[VMIN] = 0;
    raw.c_cc[VTIME] = 0;
    if (tcsetattr(STDIN_FILENO, TCSAFLUSH, &raw) != 0)
        return error{errc::not_found, fmt::format("the terminal: {}", std::strerror(errno))};
    open_ = true;
    return write_all(take);
}

void screen::close() {
    if (!open_) return;
    open_ = false;
    // Nothing is left to do for one that is gone.
    static_cast<void>(write_all(give_back).has_value());
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
}

screen_size screen::size() const {
    winsize now{};
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &now) != 0 || now.ws_col == 0 || now.ws_row == 0) return {};
    return {.columns = now.ws_col, .rows = now.ws_row};
}

result<> screen::show(std::vector<std::string> const& lines) {
    std::string out = "\x1b[H";
    for (auto const& line : lines) {
        // Before, not after: with the cursor in the last column it would take that column's character along.
        out += "\x1b[K";
        out += line;
        if (&line != &lines.back()) out += "\r\n";
    }
    return write_all(out);
}

}  // namespace logpipe::tui
