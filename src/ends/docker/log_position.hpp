// How far a container's log was read. Each of its two streams has times that only grow, but the engine mixes the two as
// it gets them; so the position is one a stream: the last time that was given, and how many lines of that very time.
#pragma once

#include "log_decoder.hpp"

#include <array>
#include <cstdint>

namespace logpipe::docker {

struct stream_position {
    std::int64_t time_ns = 0;  ///< 0: nothing was read yet
    std::uint32_t count = 0;   ///< lines of this time that were given

    friend bool operator==(stream_position const&, stream_position const&) = default;
};

struct container_position {
    std::array<stream_position, 2> streams;  ///< by log_stream

    friend bool operator==(container_position const&, container_position const&) = default;

    void pass(log_stream stream, std::int64_t time_ns) noexcept;
    /// From where to read on; 0 = from the beginning. It reaches back a little, as the other stream's lines may
    /// come late.
    [[nodiscard]] std::int64_t since_ns() const noexcept;
};

/// Leaves out what was given before, when a log is read on from `since_ns()`.
class resume_filter final {
  public:
    explicit resume_filter(container_position const& from) noexcept;

    [[nodiscard]] bool is_new(log_stream stream, std::int64_t time_ns) noexcept;

  private:
    struct stream_state {
        stream_position until;
        std::uint32_t seen = 0;  // lines of until.time_ns
        bool caught_up = false;
    };
    std::array<stream_state, 2> streams_;
};

}  // namespace logpipe::docker
