// What a download has given so far, so that one that must start over can be compared with it. Pure.
#pragma once

#include "core/chunk_hash.hpp"
#include "logpipe/result.hpp"

#include <cstdint>
#include <string_view>

namespace logpipe::http {

/// One thread.
class content_history final {
  public:
    content_history();

    /// The next bytes come from the content's beginning.
    void start_over();
    /// The next bytes come from where the last ones ended.
    void go_on() noexcept { position_bytes_ = given_bytes_; }

    /// @return the part of `piece` that was not given before; errc::rejected when what was given before has changed.
    [[nodiscard]] result<std::string_view> pass(std::string_view piece);
    /// The content's end. @return errc::rejected when it is shorter than what was given before.
    [[nodiscard]] result<> finish() const;

    [[nodiscard]] std::uint64_t given_bytes() const noexcept { return given_bytes_; }

  private:
    chunk_hasher given_;   // all that was given
    chunk_hasher repeat_;  // what was repeated, while position_bytes_ < given_bytes_
    std::uint64_t given_bytes_ = 0;
    std::uint64_t position_bytes_ = 0;
};

}  // namespace logpipe::http
