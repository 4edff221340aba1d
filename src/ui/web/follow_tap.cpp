#include "peer_client.hpp"
#include "responses.hpp"
#include "web/web.hpp"

#include <fmt/format.h>

#include <chrono>

namespace logpipe::web {

namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

constexpr net::http_timeouts timeouts{.connect = 5s, .request = 10s, .stall = 10s};  // it says something each second
constexpr std::size_t line_bytes_max = std::size_t{16} << 20U;

/// Hands over the whole lines of `text` and leaves the rest in it. @return false when no more are wanted.
bool take_lines(std::string& text, std::function<bool(std::string_view)> const& each) {
    std::size_t begin = 0;
    for (auto end = text.find('\n'); end != std::string::npos; end = text.find('\n', begin)) {
        if (!each(std::string_view{text}.substr(begin, end - begin))) return false;
        begin = end + 1;
    }
    text.erase(0, begin);
    return true;
}

/// The reason for which the process opens no tap; `text` is its response.
error rejection(unsigned status, tap_target const& where, std::string_view text) {
    if (status == 401)
        return in_context(where.address, {errc::unauthorized, std::string{token_problem(where.access.token.empty())}});
    return in_context(where.address, {status == 404 ? errc::not_found : errc::protocol, std::string{text}});
}

/// Until the tap ends, and nothing where `each` or `over` ended it.
result<> read_tap(net::http_client& client, tap_target const& where, std::function<bool(std::string_view)> const& each,
                  std::function<bool()> const& over) {
    auto const path = "/api/tap?" + where.query;
    client.start({.path = path, .keep_alive = false});
    std::optional<net::http_head> head;
    while (!head) {
        if (over()) return {};
        auto const got = client.head(steady_clock::now() + 100ms);
        if (!got) return as_of_peer(got.error());
        head = *got;
    }
    bool const accepted = head->status == 200;
    std::string text;
    while (!over()) {
        auto const piece = client.read(steady_clock::now() + 100ms);
        if (!piece) return error{errc::end_of_input, fmt::format("{}; the process has ended", piece.error().message)};
        if (!*piece) continue;
        if ((*piece)->empty() && !accepted) return rejection(head->status, where, text);
        if ((*piece)->empty())
            return error{errc::end_of_input, fmt::format("{}: the process ended the tap", where.address)};
        text += **piece;
        if (accepted && !take_lines(text, each)) return {};
        if (text.size() > line_bytes_max)
            return error{errc::protocol, fmt::format("{}: a line without end", where.address)};
    }
    return {};
}

}  // namespace

result<> follow_tap(tap_target const& where, std::function<bool(std::string_view)> each, std::function<bool()> over) {
    auto const peer = net::parse_peer_address(where.address);
    if (!peer) return peer.error();
    auto const url = net::parse_http_url(net::to_url(*peer));
    if (!url) return in_context(where.address, url.error());
    auto target = make_peer_target(*url, where.access, timeouts);
    if (!target) return target.error();
    target->name = where.address;
    net::http_client client{*std::move(target)};
    return read_tap(client, where, each, over);
}

}  // namespace logpipe::web
