#include "peer_client.hpp"
#include "responses.hpp"
#include "status/process.hpp"
#include "web/web.hpp"

#include <fmt/format.h>

namespace logpipe::web {

result<fetched_page> fetch_page(page_request const& request) {
    auto const url = net::parse_http_url(request.url);
    if (!url) return in_context(request.url, url.error());
    auto target = make_peer_target(
        *url,
        {.token = request.token, .ca_file = request.ca_file, .insecure_skip_verify = request.insecure_skip_verify},
        {.connect = request.timeout, .request = request.timeout});
    if (!target) return target.error();
    target->name = request.url;
    auto response = net::http_client{*std::move(target)}.send({.path = url->target, .keep_alive = false});
    if (!response) return as_of_peer(response.error());
    return fetched_page{.status = response->status, .body = std::move(response->body)};
}

result<process_snapshot> fetch_status(std::string const& address, std::chrono::milliseconds timeout,
                                      peer_access const& access) {
    auto const peer = net::parse_peer_address(address);
    if (!peer) return peer.error();
    auto const page = fetch_page({.url = net::to_url(*peer) + "/api/status",
                                  .timeout = timeout,
                                  .ca_file = access.ca_file,
                                  .insecure_skip_verify = access.insecure_skip_verify,
                                  .token = access.token});
    if (!page) return page.error();
    if (page->status == 401)
        return error{errc::unauthorized, fmt::format("{}: {}", address, token_problem(access.token.empty()))};
    if (page->status != 200)
        return error{errc::protocol, fmt::format("{}: /api/status responded with {}, so it is not a logpipe process",
                                                 address, page->status)};
    auto process = status::parse_process_snapshot(page->body);
    if (!process) return in_context(address, process.error());
    return process;
}

}  // namespace logpipe::web
