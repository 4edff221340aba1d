// Questions to OpenSearch, one after the other, for those who wait for the answer.
#pragma once

#include "rest_connection.hpp"

#include <atomic>
#include <memory>
#include <string>
#include <string_view>

namespace logpipe {

/// One thread calls everything but cancel().
class rest_client final {
  public:
    explicit rest_client(rest_target target) : target_{std::move(target)}, connection_{io_, target_} {}

    [[nodiscard]] result<rest_answer> ask(rest_question question);
    /// As ask(), but an answer that is no success is an error with the server's words: errc::unauthorized for 401 and
    /// 403, errc::not_found for 404, errc::busy for 429, errc::not_connected for 5xx, errc::rejected for the rest.
    [[nodiscard]] result<std::string> ask_for_body(rest_question question);
    /// For good: a waiting call returns errc::cancelled. From any thread.
    void cancel();

  private:
    rest_target target_;
    boost::asio::io_context io_{1};
    rest_connection connection_;
    std::atomic<bool> cancelled_{false};
};

/// The answer as the error that it is.
[[nodiscard]] error error_of(rest_question const& question, rest_answer const& answer);
/// For a path: all but the unreserved characters of RFC 3986 as %XX.
[[nodiscard]] std::string encode_path_part(std::string_view text);

}  // namespace logpipe
