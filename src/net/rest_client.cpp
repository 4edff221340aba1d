#include "net/rest_client.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

#include <exception>
#include <optional>
#include <utility>

namespace logpipe::net {

namespace asio = boost::asio;

namespace {

/// `connection` and `into` outlive the run of the io_context.
asio::awaitable<void> ask_into(rest_connection& connection, rest_question question,
                               std::optional<result<rest_answer>>& into) {
    into.emplace(co_await connection.ask(question));
}

void rethrow(std::exception_ptr const& failure) {
    if (failure) std::rethrow_exception(failure);
}

}  // namespace

void rest_client::use(rest_target target) {
    std::lock_guard const lock{mutex_};
    next_target_ = std::move(target);
}

result<rest_answer> rest_client::ask(rest_question question) {
    {
        std::lock_guard const lock{mutex_};
        if (next_target_) target_ = *std::exchange(next_target_, std::nullopt);
    }
    std::optional<result<rest_answer>> answer;
    asio::co_spawn(io_, ask_into(connection_, question, answer), rethrow);
    io_.restart();
    // The connection that is kept has nothing to do between two questions, so run() returns.
    if (!cancelled_) io_.run();
    if (cancelled_ || !answer) return error{errc::cancelled, "asked to stop"};
    return *std::move(answer);
}

void rest_client::cancel() {
    cancelled_ = true;
    asio::post(io_, [this] { connection_.close(); });
}

}  // namespace logpipe::net
