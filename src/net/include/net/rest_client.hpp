// Questions to an HTTP server, one after the other, for those who wait for the answer.
#pragma once

#include "net/rest_connection.hpp"

#include <atomic>
#include <mutex>
#include <optional>

namespace logpipe::net {

/// Does its work only while ask() runs. One thread calls everything but cancel().
class rest_client final {
  public:
    explicit rest_client(rest_target target) : target_{std::move(target)}, connection_{io_, target_} {}

    /// As rest_connection::ask(), or errc::cancelled.
    [[nodiscard]] result<rest_answer> ask(rest_question question);
    /// The next question goes to this server, with these fields and certificates. From any thread.
    void use(rest_target target);
    /// For good: a waiting call returns errc::cancelled. From any thread.
    void cancel();

  private:
    rest_target target_;
    std::mutex mutex_;  // guards next_target_
    std::optional<rest_target> next_target_;
    boost::asio::io_context io_{1};
    rest_connection connection_;
    std::atomic<bool> cancelled_{false};
};

}  // namespace logpipe::net
