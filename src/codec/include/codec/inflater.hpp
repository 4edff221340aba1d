// Gzip or zstd, whichever some input is, in bounded steps.
#pragma once

#include "codec/gzip.hpp"
#include "codec/zstd.hpp"

#include <string_view>
#include <utility>
#include <variant>

namespace logpipe::codec {

/// One thread.
class inflater final {
  public:
    explicit inflater(gzip_inflater by) noexcept : by_{std::move(by)} {}
    explicit inflater(zstd_inflater by) noexcept : by_{std::move(by)} {}

    /// As gzip_inflater's and zstd_inflater's.
    [[nodiscard]] result<> inflate(std::string_view& input, std::string& output, std::size_t output_bytes_max) {
        return std::visit([&](auto& by) { return by.inflate(input, output, output_bytes_max); }, by_);
    }
    [[nodiscard]] bool at_end() const noexcept {
        return std::visit([](auto const& by) { return by.at_end(); }, by_);
    }
    /// "gzip" or "zstd".
    [[nodiscard]] std::string_view format() const noexcept {
        return std::holds_alternative<gzip_inflater>(by_) ? "gzip" : "zstd";
    }

  private:
    std::variant<gzip_inflater, zstd_inflater> by_;
};

}  // namespace logpipe::codec
