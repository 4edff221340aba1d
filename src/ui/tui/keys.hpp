// What a terminal sends when a key is pressed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace logpipe::tui {

enum class key : std::uint8_t { quit, suspend, pause, help, up, down, left, right, other };

/// Cuts bytes into keys. One thread.
class key_reader final {
  public:
    /// Arrows come as ESC [ A or, in application mode, ESC O A. A sequence that is cut waits for the rest.
    [[nodiscard]] std::vector<key> take(std::string_view bytes);

  private:
    std::string pending_;
};

}  // namespace logpipe::tui
