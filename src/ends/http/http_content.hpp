// The response to a download's request, judged and decoded: which bytes of the content it carries, or why none. Pure.
#pragma once

#include "codec/gzip.hpp"
#include "logpipe/result.hpp"
#include "net/http_response_reader.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace logpipe::http {

/// What one request wants.
struct http_request_range {
    std::uint64_t begin_bytes = 0;
    std::string if_range;  ///< the strong ETag that the range needs; empty: all of it
};

/// What a Retry-After field says, seconds or a date. @param now_s  since the epoch
[[nodiscard]] std::optional<std::chrono::seconds> read_retry_after(std::string_view field, std::int64_t now_s);

/// One response. One thread.
class http_content final {
  public:
    explicit http_content(http_request_range request) : request_{std::move(request)} {}

    /// Its head, first. @return why it carries no content, where it is not a redirect either.
    [[nodiscard]] result<> judge(net::http_head const& head);
    /// The next bytes of its body, and the end of it.
    void feed(std::string_view bytes);
    void end() noexcept { complete_ = true; }

    /// The next piece of the content, bounded, valid until the next call; empty when more must be fed, or when
    /// finished().
    /// @return errc::corrupt for bad gzip; errc::rejected for a page instead of lines.
    [[nodiscard]] result<std::string_view> next();
    /// True when all of it was given by next().
    [[nodiscard]] bool finished() const noexcept;

    /// Where a redirect leads, as the server wrote it.
    [[nodiscard]] std::optional<std::string> const& location() const noexcept { return location_; }
    /// How long the server wants to be left alone (RFC 9110 section 10.2.3), where it is busy and says so.
    [[nodiscard]] std::optional<std::chrono::seconds> const& retry_after() const noexcept { return retry_after_; }
    /// True when it continues at the range that was requested, false when it starts over. Once accepted().
    [[nodiscard]] bool goes_on() const noexcept { return goes_on_; }
    [[nodiscard]] bool accepted() const noexcept { return accepted_; }
    /// The ETag by which the rest can be requested after a cut; empty where that cannot be.
    [[nodiscard]] std::string const& resume_tag() const noexcept { return resume_tag_; }
    /// Of the content; none where it is not known.
    [[nodiscard]] std::optional<std::uint64_t> total_bytes() const noexcept { return total_bytes_; }

  private:
    [[nodiscard]] result<> judge_range(net::http_head const& head);
    [[nodiscard]] result<> judge_coding(net::http_head const& head);
    [[nodiscard]] result<> check_for_page(std::string_view piece);

    http_request_range request_;
    std::optional<codec::gzip_inflater> inflater_;
    std::string body_;           // came in and is not yet decoded…
    std::size_t body_done_ = 0;  // …but for so many bytes of it
    std::string given_;          // what next() gave last
    std::optional<std::string> location_;
    std::optional<std::chrono::seconds> retry_after_;
    std::string resume_tag_;
    std::optional<std::uint64_t> total_bytes_;
    bool accepted_ = false;
    bool goes_on_ = false;
    bool complete_ = false;
    bool ends_with_connection_ = false;
    bool nothing_left_ = false;  // the range that was requested begins at the content's end
    bool drained_ = true;        // the inflater has nothing left of what it was given
    bool looking_ = true;        // no byte but white space was given yet
};

}  // namespace logpipe::http
