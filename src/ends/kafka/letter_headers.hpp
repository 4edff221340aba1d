// The headers of a dead letter, which logpipe/kafka_letter.hpp draws.
#pragma once

#include "logpipe/dead_letter.hpp"

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace logpipe::kafka {

struct letter_header {
    char const* name = nullptr;
    std::string_view value;
};

/// All headers and the key of one letter, which outlives it. Makes them without an allocation.
class letter_headers final {
  public:
    explicit letter_headers(dead_letter_view const& letter) noexcept;
    letter_headers(letter_headers const&) = delete;
    letter_headers& operator=(letter_headers const&) = delete;

    [[nodiscard]] std::span<letter_header const> all() const noexcept { return std::span{headers_}.first(count_); }
    [[nodiscard]] std::string_view key() const noexcept { return {key_.data(), key_bytes_}; }

    static constexpr std::size_t count_max = 11;

  private:
    static constexpr std::size_t digits_max = 20;

    void add(char const* name, std::string_view value) noexcept { headers_[count_++] = {name, value}; }
    void add(char const* name, std::int64_t number) noexcept;

    std::array<letter_header, count_max> headers_;
    std::size_t count_ = 0;
    std::array<char, 6 * digits_max> numbers_;
    std::size_t number_bytes_ = 0;
    std::array<char, 64> key_;
    std::size_t key_bytes_ = 0;
};

}  // namespace logpipe::kafka
