#include "engine_client.hpp"

#include <fmt/format.h>

#include <utility>

namespace logpipe::docker {

namespace asio = boost::asio;

namespace {

constexpr std::size_t response_bytes_max = std::size_t{32} << 20U;

error unexpected(unsigned status, std::string_view request, std::string_view body) {
    return {errc::protocol,
            fmt::format("the engine responds with status {} to {}: {}", status, request, parse_engine_message(body))};
}

}  // namespace

result<engine_client> engine_client::make(docker_source_options const& options, asio::any_io_executor const& executor) {
    auto const limit = options.request_timeout;
    auto target = net::make_http_target({.socket_path = options.socket,
                                         .timeouts = {.connect = limit, .request = limit},
                                         .body_bytes_max = response_bytes_max});
    if (!target) return target.error();
    target->name = fmt::format("the engine at {}", options.socket);
    return engine_client{options.socket, executor, *std::move(target)};
}

error engine_client::explained(error failure) const {
    if (failure.code == errc::unauthorized)
        failure.message = fmt::format(
            "permission denied for {}: run with the socket's group (compose: group_add), or as root", socket_);
    return failure;
}

/// The whole of a short response.
asio::awaitable<result<net::http_response>> engine_client::get(std::string path) {
    net::http_connection one{executor_, target_};
    auto response = co_await one.send({.path = path, .keep_alive = false});
    if (!response) co_return explained(response.error());
    co_return response;
}

asio::awaitable<result<std::vector<std::string>>> engine_client::list(std::vector<std::string> labels) {
    auto const response = co_await get("/containers/json?all=1&filters=" + list_filters(labels));
    if (!response) co_return response.error();
    if (response->status != 200)
        co_return unexpected(response->status, "the request for its containers", response->body);
    co_return parse_container_list(response->body);
}

asio::awaitable<result<container_info>> engine_client::inspect(std::string id) {
    auto const response = co_await get(fmt::format("/containers/{}/json", id));
    if (!response) co_return response.error();
    if (response->status == 404) co_return error{errc::not_found, "no such container"};
    if (response->status != 200) co_return unexpected(response->status, "the request for a container", response->body);
    co_return parse_container(response->body);
}

asio::awaitable<result<engine_client::connection>> engine_client::start(std::string path, std::size_t read_bytes) {
    auto made = std::make_unique<net::http_connection>(executor_, target_, read_bytes);
    auto const head = co_await made->start({.path = path});
    if (!head) co_return explained(head.error());
    if (head->status == 200) co_return std::move(made);
    auto const body = co_await made->read_rest();
    auto failure = unexpected(head->status, path.substr(0, path.find('?')), body ? *body : std::string_view{});
    // A logging driver whose logs cannot be read: it will never be otherwise.
    if (failure.message.contains("does not support reading")) failure.code = errc::rejected;
    co_return failure;
}

}  // namespace logpipe::docker
