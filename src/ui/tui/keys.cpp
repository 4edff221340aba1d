#include "keys.hpp"

namespace logpipe::tui {

namespace {

constexpr char escape = '\x1b';
constexpr std::size_t sequence_bytes_max = 16;

key key_of(char c) noexcept {
    switch (c) {
        case 'q':
        case 'Q':
        case '\x03':  // Ctrl-C
        case '\x04':  // Ctrl-D
            return key::quit;
        case '\x1a':  // Ctrl-Z
            return key::suspend;
        case 'p':
        case 'P':
        case ' ':
            return key::pause;
        case '?':
        case 'h':
            return key::help;
        case 'k':
            return key::up;
        case 'j':
            return key::down;
        case '\t':
            return key::right;
        default:
            return key::other;
    }
}

key arrow_of(char c) noexcept {
    switch (c) {
        case 'A':
            return key::up;
        case 'B':
            return key::down;
        case 'C':
            return key::right;
        case 'D':
            return key::left;
        default:
            return key::other;
    }
}

/// Bytes of the escape sequence at the front of `text`; 0 while it is not whole.
std::size_t sequence_bytes(std::string_view text) noexcept {
    if (text.size() < 2) return 0;
    if (text[1] != '[' && text[1] != 'O') return 1;  // the Escape key itself
    for (std::size_t i = 2; i < text.size(); ++i)
        if (text[i] >= '@' && text[i] <= '~') return i + 1;
    return text.size() > sequence_bytes_max ? text.size() : 0;
}

}  // namespace

std::vector<key> key_reader::take(std::string_view bytes) {
    pending_ += bytes;
    std::vector<key> keys;
    std::string_view left = pending_;
    while (!left.empty()) {
        if (left.front() != escape) {
            keys.push_back(key_of(left.front()));
            left.remove_prefix(1);
            continue;
        }
        auto const count = sequence_bytes(left);
        if (count == 0) break;
        keys.push_back(count >= 3 ? arrow_of(left[count - 1]) : key::other);
        left.remove_prefix(count);
    }
    pending_ = std::string{left};
    return keys;
}

}  // namespace logpipe::tui
