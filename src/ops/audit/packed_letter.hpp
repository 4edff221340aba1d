// A letter about several entries of one message, and the events that these are.
#pragma once

#include "audit/letters.hpp"

#include <functional>

namespace logpipe::audit {

/// Gives the events that a letter is about: itself, or each entry of its pack with its own id.
/// @return errc::rejected for a damaged pack: no other try will do; then `each` was not called
[[nodiscard]] result<> each_event_of(dead_letter const& letter, std::function<result<>(dead_letter&&)> const& each);

/// Sends events in portions, so that a small pack does not become all of its events at once.
class event_sender final {
  public:
    explicit event_sender(letter_input const& to) : to_{to} {}

    [[nodiscard]] result<> add(dead_letter&& event);
    [[nodiscard]] result<> finish();

  private:
    letter_input const& to_;
    std::vector<dead_letter> events_;
    std::size_t bytes_ = 0;
};

// Of one portion that is sent and then resolved: memory, and what a crash in between sends again.
inline constexpr std::size_t portion_letters_max = 1'000;
inline constexpr std::size_t portion_bytes_max = std::size_t{4} << 20U;

}  // namespace logpipe::audit
