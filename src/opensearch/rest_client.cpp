#include "rest_client.hpp"

#include "bulk_response.hpp"

#include <fmt/format.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

#include <exception>
#include <optional>

namespace logpipe {

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

constexpr errc code_of(unsigned status) noexcept {
    if (status == 401 || status == 403) return errc::unauthorized;
    if (status == 404) return errc::not_found;
    if (status == 429) return errc::busy;
    return status >= 500 ? errc::not_connected : errc::rejected;
}

}  // namespace

result<rest_answer> rest_client::ask(rest_question question) {
    std::optional<result<rest_answer>> answer;
    asio::co_spawn(io_, ask_into(connection_, question, answer), rethrow);
    io_.restart();
    // The connection that is kept has nothing to do between two questions, so run() returns.
    if (!cancelled_) io_.run();
    if (cancelled_ || !answer) return error{errc::cancelled, "asked to stop"};
    return *std::move(answer);
}

result<std::string> rest_client::ask_for_body(rest_question question) {
    auto answer = ask(question);
    if (!answer) return answer.error();
    if (answer->status / 100 != 2) return error_of(question, *answer);
    return std::move(answer->body);
}

void rest_client::cancel() {
    cancelled_ = true;
    asio::post(io_, [this] { connection_.close(); });
}

error error_of(rest_question const& question, rest_answer const& answer) {
    auto const [type, reason] = read_answer_error(answer.body);
    auto what =
        fmt::format("{} {}: HTTP {}", question.method, question.path.substr(0, question.path.find('?')), answer.status);
    for (auto const& words : {std::string_view{type}, std::string_view{reason}})
        if (!words.empty()) what.append(": ").append(words);
    return {code_of(answer.status), std::move(what)};
}

std::string encode_path_part(std::string_view text) {
    constexpr std::string_view hex = "0123456789ABCDEF";
    std::string encoded;
    for (char const c : text) {
        bool const plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                           c == '.' || c == '_' || c == '~';
        auto const code = static_cast<unsigned char>(c);
        if (plain)
            encoded.push_back(c);
        else
            encoded.append({'%', hex[code >> 4U], hex[code & 15U]});
    }
    return encoded;
}

}  // namespace logpipe
