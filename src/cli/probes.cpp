#include "probes.hpp"

#include "core/clock.hpp"
#include "core/log.hpp"
#include "core/options.hpp"
#include "net/address.hpp"
#include "server_probes.hpp"
#include "web/web.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <deque>
#include <functional>
#include <thread>

namespace logpipe::cli {

namespace {

constexpr std::array<std::string_view, 6> default_addresses{"127.0.0.1:24230", "127.0.0.1:24231", "127.0.0.1:24232",
                                                            "127.0.0.1:24233", "127.0.0.1:24234", "127.0.0.1:8000"};

/// Where a process that listens on all addresses of its machine is reached from that machine.
/// @param tls  it has a certificate, which it uses off loopback
result<std::string> own_url(std::string const& listen, bool tls) {
    auto peer = net::parse_peer_address(listen);
    if (!peer) return peer.error();
    peer->tls = peer->tls || (tls && !net::is_loopback(peer->where.host));
    if (auto& host = peer->where.host; host == "0.0.0.0" || host == "::" || host.empty()) host = "127.0.0.1";
    return net::to_url(*peer) + "/healthz";
}

}  // namespace

std::vector<std::string> admin_addresses_of(settings const& options) {
    auto addresses = options.list("at");
    if (addresses.empty()) addresses.assign(default_addresses.begin(), default_addresses.end());
    return addresses;
}

result<web::peer_access> peer_access_of(settings const& options) {
    auto token = secret_line(options, "auth-token-file");
    if (!token) return token.error();
    for (auto const& address : options.list("at")) {
        auto const peer = net::parse_peer_address(address);
        if (token->empty() || !peer || peer->tls || peer->where.host.empty() || net::is_loopback(peer->where.host))
            continue;
        log_warn("{}: the token crosses the network to {} unencrypted: use https://{}, where it has --page-certificate",
                 options.subcommand(), address, address);
    }
    return web::peer_access{.token = *std::move(token),
                            .ca_file = options.text("ca-file"),
                            .insecure_skip_verify = options.on("insecure-skip-verify")};
}

status::status_report probe_all(settings const& options, web::peer_access const& access) {
    std::vector<std::function<status::status_report()>> probes;
    auto const timeout = options.duration("timeout");
    bool const named = !options.list("at").empty();
    for (auto const& address : admin_addresses_of(options))
        probes.emplace_back([&access, address, timeout, named] {
            auto report = probe_process(address, timeout, access);
            return named || !report.processes.empty() ? report : status::status_report{};
        });
    using probe = status::status_report (*)(settings const&);
    for (auto const& [option, probe_it] :
         std::initializer_list<std::pair<std::string_view, probe>>{{"brokers", probe_kafka},
                                                                   {"opensearch", probe_opensearch},
                                                                   {"dashboards", probe_dashboards},
                                                                   {"loki", probe_loki},
                                                                   {"grafana", probe_grafana}})
        if (!options.text(option).empty()) probes.emplace_back([&options, probe_it] { return probe_it(options); });

    // All at once: one that does not answer costs no more than its time-out.
    std::deque<status::status_report> found(probes.size());
    {
        std::vector<std::jthread> asking;
        for (std::size_t i = 0; i < probes.size(); ++i)
            asking.emplace_back([&found, &probes, i] { found[i] = probes[i](); });
    }
    status::status_report whole{.time_ns = now_ns(), .components = {}, .hops = {}, .processes = {}};
    for (auto& each : found) {
        // `run` answers at two of the addresses that are tried: with --admin's server and with its page's.
        auto const is_known = [&](process_snapshot const& process) {
            return std::ranges::any_of(whole.processes, [&](process_snapshot const& known) {
                return known.pid == process.pid && known.started_ns == process.started_ns;
            });
        };
        if (std::ranges::any_of(each.processes, is_known)) continue;
        whole.add(std::move(each));
    }
    return whole;
}

result<> probe_self(settings const& options) {
    std::vector<std::string> addresses;
    if (auto const& own = options.text("admin"); !own.empty() && own != "none") addresses = {own};
    if (addresses.empty()) addresses.assign(default_addresses.begin(), default_addresses.end());
    std::string reason;
    for (auto const& address : addresses) {
        auto const url = own_url(address, !options.text("page-certificate").empty());
        if (!url) return url.error();
        // Only whether it lives is asked, and no secret is sent: no name of this machine need be in its
        // certificate.
        auto const page = web::fetch_page(
            {.url = *url, .timeout = options.duration("timeout"), .ca_file = {}, .insecure_skip_verify = true});
        if (page && page->status == 200) return {};
        reason += fmt::format(
            "{}{}", reason.empty() ? "" : "; ",
            page ? fmt::format("{}: /healthz answers with HTTP {}", address, page->status) : page.error().message);
    }
    return error{errc::not_connected, reason};
}

}  // namespace logpipe::cli
