// From the bytes of GET /containers/ID/logs?timestamps=1 to lines. Without a terminal the engine sends frames:
//
//   byte  size
//      0     1  stream: 0 or 1 standard output, 2 standard error, 3 the engine's own trouble
//      1     3  0
//      4     4  bytes that follow, big-endian
//      8        time, a space, at most 16 KiB of a line, "\n" after its last part
//
// With a terminal it sends the same without headers, lines ended by "\r\n". The parts of one line carry the same time;
// a part without "\n" that is followed by another time was the last thing that its process wrote.
#pragma once

#include "logpipe/result.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace logpipe::docker {

enum class log_stream : std::uint8_t { out, err };

struct engine_line {
    log_stream stream = log_stream::out;
    std::int64_t time_ns = 0;  ///< 0: the engine gave none that can be read
    std::string_view text;     ///< holds until the callback returns
    bool ended = true;         ///< false: the log ends within it, so more of it may come
};

struct log_decoder_options {
    bool terminal = false;
    std::size_t line_bytes_max = std::size_t{256} << 10U;  ///< a longer line is given in pieces of this
};

/// One container's log. One thread.
class log_decoder final {
  public:
    using line_taker = std::function<void(engine_line const&)>;

    explicit log_decoder(log_decoder_options options) : options_{options} {}

    /// @return errc::protocol for bytes that are not frames, and for what the engine itself reports in one.
    [[nodiscard]] result<> feed(std::string_view bytes, line_taker const& take);
    /// The log has ended: gives what has no line end.
    void finish(line_taker const& take);

  private:
    struct open_line {
        bool open = false;
        std::string stamp;  // the time as text, which says whether the next part belongs to it
        std::int64_t time_ns = 0;
        std::string text;
        bool in_pieces = false;  // some of it was given already
    };

    [[nodiscard]] result<> take_frames(line_taker const& take);
    void take_part(log_stream stream, std::string_view payload, line_taker const& take);
    void take_terminal(line_taker const& take);
    [[nodiscard]] bool begin_terminal_line();
    [[nodiscard]] bool pass_repeated_stamp();
    void begin(open_line& line, std::string_view stamp);
    void add(log_stream stream, std::string_view text, line_taker const& take);
    void end(log_stream stream, bool ended, line_taker const& take);

    log_decoder_options const options_;
    std::string buffer_;          // bytes that are not decoded yet
    std::size_t decoded_ = 0;     // of buffer_, from its front
    std::size_t part_bytes_ = 0;  // with a terminal: of the line's current part
    std::array<open_line, 2> lines_;
};

}  // namespace logpipe::docker
