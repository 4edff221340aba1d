// One line as it is: one member, `message`.
#pragma once

#include "json/json_line.hpp"

#include "core/json_text.hpp"
#include "core/utf8.hpp"

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace logpipe::formats {

/// One thread. The value it gives holds until the next line.
class raw_line_reader final {
  public:
    static constexpr std::size_t padding_bytes = json_line_reader::padding_bytes;

    template <class Visit>
    [[nodiscard]] bool read(std::string_view line, std::string& reason, Visit&& visit) {
        if (line.empty() || !is_utf8(line)) {
            reason = line.empty() ? "an empty line" : "not UTF-8";
            return false;
        }
        value_.clear();
        append_json_string(value_, line);
        value_.reserve(value_.size() + padding_bytes);
        return visit(key_.data(), std::string_view{value_});
    }

    [[nodiscard]] static std::string_view raw_text(char const* /*key*/) noexcept { return name; }
    [[nodiscard]] static std::string_view text(char const* /*key*/) noexcept { return name; }
    [[nodiscard]] std::size_t values_bytes_max(std::string_view /*line*/) const noexcept {
        return name.size() + value_.size();
    }

  private:
    static constexpr std::string_view name = "message";
    static constexpr std::array<char, padding_bytes> key_ = [] {
        std::array<char, padding_bytes> key{};
        name.copy(key.data(), name.size());
        key[name.size()] = '"';
        return key;
    }();

    std::string value_;
};

}  // namespace logpipe::formats
