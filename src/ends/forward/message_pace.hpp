// How long a client may let us wait for the bytes of its messages. Pure: the caller says how much time has
// passed.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace logpipe::forward {

struct message_times {
    std::chrono::milliseconds first_message{0};  ///< from connecting until the first message is whole; 0: no limit
    /// Without any byte of a message that has begun, and for the whole of it, to which each byte adds its share of
    /// `message_bytes_per_second_min`; 0: no limit
    std::chrono::milliseconds message{0};
};
/// A client that is slower than that, for longer than the time for a message, sends only to keep its connection.
inline constexpr std::uint64_t message_bytes_per_second_min = 4096;

/// Of one client. Time counts only while we wait for it, not while it waits for us.
class message_pace final {
  public:
    /// Bytes have come. @param whole  a message became whole with them  @param within  and one has begun and is not
    void received(std::uint64_t bytes, bool whole, bool within) noexcept;
    /// It need not send a message soon any more: it has sent one, or has shown who it is.
    void establish() noexcept { established_ = true; }
    [[nodiscard]] bool established() const noexcept { return established_; }
    /// We have waited for so much longer. @return why it is too long; empty: it is not
    [[nodiscard]] std::string wait(std::chrono::milliseconds step, message_times const& times);

  private:
    bool established_ = false;
    bool within_ = false;                     // a message
    std::uint64_t bytes_ = 0;                 // of it
    std::chrono::milliseconds connected_{0};  // until it is established
    std::chrono::milliseconds silent_{0};     // within the message
    std::chrono::milliseconds taken_{0};      // by the message
};

}  // namespace logpipe::forward
