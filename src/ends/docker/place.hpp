// How far a container's log was read. Each of its two streams has times that only grow, but the engine mixes the two as
// it gets them; so the place is one a stream: the last time that was given, and how many lines of that very time.
#pragma once

#include "log_decoder.hpp"

#include <array>
#include <cstdint>

namespace logpipe::docker {

struct stream_place {
    std::int64_t time_ns = 0;  ///< 0: nothing was read yet
    std::uint32_t count = 0;   ///< lines of this time that were given

    friend bool operator==(stream_place const&, stream_place const&) = default;
};

struct container_place {
    std::array<stream_place, 2> streams;  ///< by log_stream

    friend bool operator==(container_place const&, container_place const&) = default;

    void pass(log_stream stream, std::int64_t time_ns) noexcept;
    /// From where to ask the engine; 0 = from the beginning. It reaches back a little, as the other stream's lines may
    /// come late.
    [[nodiscard]] std::int64_t since_ns() const noexcept;
};

/// Leaves out what was given before, when a log is read again from `since_ns()`.
class resume_filter final {
  public:
    explicit resume_filter(container_place const& from) noexcept;

    [[nodiscard]] bool is_new(log_stream stream, std::int64_t time_ns) noexcept;

  private:
    struct behind {
        stream_place until;
        std::uint32_t seen = 0;  // lines of until.time_ns
        bool caught_up = false;
    };
    std::array<behind, 2> streams_;
};

}  // namespace logpipe::docker
