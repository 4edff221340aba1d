// Skips one message that is longer than the limit, without keeping it: of whatever length, it takes the memory
// of two small pieces. The stream's framing is known all the while, so the message after it is read as any other.
#pragma once

#include "forward_message.hpp"

#include "logpipe/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace logpipe::forward {

class oversized_message final {
  public:
    /// With all the memory that it needs: what follows does not throw, but for message().
    oversized_message();

    /// Takes the message's next bytes: all of `bytes`, but for a header that is not whole and for what comes after
    /// the message. @return how many were taken; errc::protocol for bytes that are not msgpack.
    [[nodiscard]] result<std::size_t> take(std::string_view bytes);
    [[nodiscard]] bool is_whole() const noexcept {
        return started_ && elements_left_ == 0 && values_left_ == 0 && payload_left_ == 0;
    }
    /// Once it is whole: rejected, with what was kept. Its views are into this object.
    [[nodiscard]] forward_message message(forward_limits const& limits) const;

  private:
    [[nodiscard]] result<bool> take_header(std::string_view& from);
    void take_payload(std::string_view& from);
    void begin_element();
    void keep(std::string_view part);

    bool started_ = false;             // the array's own header was there
    std::uint64_t elements_left_ = 0;  // of the array, after the one that is being skipped
    std::uint64_t element_index_ = 0;  // of the one that is being skipped, from 1; 0: the array's header
    std::uint64_t values_left_ = 0;    // of that element: headers to come
    std::uint64_t payload_left_ = 0;   // of the string whose header was the last one
    std::uint64_t bytes_ = 0;
    std::string beginning_;
    std::string element_;  // that element so far, while it is short enough
    bool element_is_short_ = true;
};

}  // namespace logpipe::forward
