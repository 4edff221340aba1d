// A connection as protocol decisions see it: all that is done to it at once, without waiting. The network has one, and
// a simulation another.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

namespace logpipe::net {

/// One thread.
class link {
  public:
    virtual ~link() = default;

    /// Sent after what was given before. shared_ptr: the bytes must live until they are written, whatever else happens.
    virtual void send(std::shared_ptr<std::string const> bytes) = 0;
    [[nodiscard]] virtual std::size_t unsent_bytes() const noexcept = 0;

    /// Everything that waits on it fails. The first reason stays.
    virtual void close(std::string reason) = 0;
    [[nodiscard]] virtual bool closed() const noexcept = 0;
    [[nodiscard]] virtual std::string const& close_reason() const noexcept = 0;

    /// Ends a read that waits for so long; what is sent still goes out. Replaces the deadline.
    virtual void stop_reading_after(std::chrono::steady_clock::duration wait) = 0;
    /// Closes after so long, unless another call replaces it or it is cleared before.
    virtual void close_after(std::chrono::steady_clock::duration wait, std::string reason) = 0;
    virtual void clear_deadline() = 0;
};

}  // namespace logpipe::net
