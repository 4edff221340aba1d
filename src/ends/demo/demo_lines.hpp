// Made-up access log lines in the shape of a real log of a package mirror (nginx as JSON): the same keys in the same
// order, and about the same shares of addresses, agents, requests, status codes and sizes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace logpipe::demo {

struct demo_lines_options {
    std::uint64_t seed = 1;
    bool serial = false;  ///< a last key "serial": 1, 2, 3, …
};

/// The same seed gives the same bytes on every machine: whole numbers only, and nothing of std::*_distribution, which
/// differs between libraries. One thread.
class demo_lines final {
  public:
    explicit demo_lines(demo_lines_options options);

    /// Appends `count` lines, each with its line end.
    void append(std::size_t count, std::string& out);

  private:
    static constexpr std::size_t slots = 4096;  // a draw is 12 bits: an index into a table filled by weight

    [[nodiscard]] std::uint64_t draw() noexcept;
    void make_clients();
    void make_responses();
    void next_second() noexcept;

    std::uint64_t state_;
    bool serial_;
    std::uint64_t lines_ = 0;
    std::int64_t time_s_;
    std::uint64_t lines_in_second_ = 0;
    std::array<char, 20> time_text_{};     // 17/May/2015:08:05:32
    std::vector<std::string> heads_;       // of a client: address up to the request
    std::vector<std::string_view> tails_;  // of a client: its agent, up to the closing brace
    std::vector<std::string> tail_texts_;  // what `tails_` look at
    std::vector<std::string> responses_;   // request, response and bytes
    std::array<std::uint16_t, slots> client_slots_{};
    std::array<std::uint16_t, slots> response_slots_{};
};

}  // namespace logpipe::demo
