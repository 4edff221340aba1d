#include "frame_splitter.hpp"

#include <algorithm>
#include <charconv>

namespace logpipe::syslog {

namespace {

/// A longer number is not a length.
constexpr std::size_t length_digits_max = 9;
/// A connection gives back what a long message took.
constexpr std::size_t kept_bytes_max = std::size_t{64} << 10U;

}  // namespace

std::string_view without_trailer(std::string_view message) noexcept {
    while (!message.empty() && (message.back() == '\n' || message.back() == '\r' || message.back() == '\0'))
        message.remove_suffix(1);
    return message;
}

frame_splitter::frame frame_splitter::kind_of(std::string_view head) noexcept {
    if (head.front() < '1' || head.front() > '9') return frame::line;
    auto const digits = std::min(head.find_first_not_of("0123456789"), head.size());
    if (digits > length_digits_max) return frame::line;
    auto const rest = head.substr(digits);
    if (rest.empty() || rest == " ") return frame::undecided;
    return rest.starts_with(" <") ? frame::counted : frame::line;
}

std::optional<framed_message> frame_splitter::next(std::string_view& input) {
    if (is_given_) {
        held_.clear();
        if (held_.capacity() > kept_bytes_max) held_.shrink_to_fit();
        is_given_ = false;
    }
    while (!input.empty()) {
        if (kind_ == frame::undecided) decide(input);
        if (kind_ == frame::undecided) return std::nullopt;
        auto const message = kind_ == frame::line ? next_line(input) : next_counted(input);
        if (message) return message;
    }
    return std::nullopt;
}

/// Takes a number and the space behind it, but not the byte that decides.
void frame_splitter::decide(std::string_view& input) {
    while (!input.empty()) {
        held_ += input.front();
        kind_ = kind_of(held_);
        if (kind_ != frame::undecided) break;
        input.remove_prefix(1);
    }
    if (kind_ == frame::undecided) return;
    held_.pop_back();
    if (kind_ == frame::counted) {
        std::from_chars(held_.data(), held_.data() + held_.size(), missing_);
        held_.clear();
    }
    length_ = held_.size();
}

std::optional<framed_message> frame_splitter::next_line(std::string_view& input) {
    auto const end = input.find('\n');
    hold(input.substr(0, end));
    input.remove_prefix(end == std::string_view::npos ? input.size() : end + 1);
    return end == std::string_view::npos ? std::nullopt : end_message();
}

std::optional<framed_message> frame_splitter::next_counted(std::string_view& input) {
    auto const part = input.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(missing_, input.size())));
    hold(part);
    missing_ -= part.size();
    input.remove_prefix(part.size());
    return missing_ == 0 ? end_message() : std::nullopt;
}

void frame_splitter::hold(std::string_view part) {
    length_ += part.size();
    held_.append(part.substr(0, bytes_max_ - std::min(bytes_max_, held_.size())));
}

std::optional<framed_message> frame_splitter::end_message() {
    // An undecided number may be longer than a very small limit.
    auto const whole = std::string_view{held_}.substr(0, bytes_max_);
    bool const cut = length_ > whole.size();
    framed_message const message{.text = cut ? whole : without_trailer(whole), .cut = cut, .missing_bytes = missing_};
    kind_ = frame::undecided;
    length_ = 0;
    missing_ = 0;
    is_given_ = true;
    if (!message.text.empty()) return message;
    ++empty_;
    held_.clear();
    is_given_ = false;
    return std::nullopt;
}

std::optional<framed_message> frame_splitter::finish() {
    if (is_given_) held_.clear();
    if (kind_ == frame::undecided) length_ = held_.size();
    if (length_ == 0 && missing_ == 0) return std::nullopt;
    return end_message();
}

}  // namespace logpipe::syslog
