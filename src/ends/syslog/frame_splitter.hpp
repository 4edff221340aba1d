// Where a syslog message ends in a stream (RFC 6587, and RFC 5425 for TLS). Pure: no I/O.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace logpipe::syslog {

/// A message without its framing. The view holds until the next call.
struct framed_message {
    std::string_view text;
    bool cut = false;                 ///< it was longer than the limit: `text` is its beginning
    std::uint64_t missing_bytes = 0;  ///< of those announced; above 0 where the stream ended within the message
};

/// Without line ends and NULs at its end, which some senders add.
[[nodiscard]] std::string_view without_trailer(std::string_view message) noexcept;

/// Decides for each frame: "83 <13>1 …" is announced by its length, everything else ends at LF. A number counts as a
/// length only where "<" follows, as in every syslog message, so that a bare line may begin with a number. Holds at
/// most `message_bytes_max` bytes. One thread.
class frame_splitter final {
  public:
    explicit frame_splitter(std::size_t message_bytes_max) : bytes_max_{message_bytes_max} {}

    /// Takes bytes from the front of `input`. @return none when all of it was taken and no message is complete
    [[nodiscard]] std::optional<framed_message> next(std::string_view& input);
    /// At the end of the stream: a last message, complete (a line without its end) or not.
    [[nodiscard]] std::optional<framed_message> finish();

    [[nodiscard]] std::uint64_t empty_messages() const noexcept { return empty_; }
    [[nodiscard]] bool within_message() const noexcept { return !is_given_ && !held_.empty(); }
    /// Memory that it takes.
    [[nodiscard]] std::size_t held_bytes() const noexcept { return held_.capacity(); }

  private:
    enum class frame : std::uint8_t { undecided, line, counted };

    [[nodiscard]] static frame kind_of(std::string_view head) noexcept;
    void decide(std::string_view& input);
    [[nodiscard]] std::optional<framed_message> next_line(std::string_view& input);
    [[nodiscard]] std::optional<framed_message> next_counted(std::string_view& input);
    void hold(std::string_view part);
    [[nodiscard]] std::optional<framed_message> end_message();

    std::size_t const bytes_max_;
    frame kind_ = frame::undecided;
    std::string held_;           // the beginning of a frame: the length while it is undecided, else the message
    std::uint64_t length_ = 0;   // of the message so far; above held_.size() the rest was skipped
    std::uint64_t missing_ = 0;  // of a counted message
    bool is_given_ = false;      // held_ is what the last call gave
    std::uint64_t empty_ = 0;
};

}  // namespace logpipe::syslog
