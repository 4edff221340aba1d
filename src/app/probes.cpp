#include "probes.hpp"

#include "base/address.hpp"
#include "base/clock.hpp"
#include "logpipe/web.hpp"
#include "server_probes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <deque>
#include <functional>
#include <thread>

namespace logpipe {

namespace {

constexpr std::array<std::string_view, 6> default_addresses{"127.0.0.1:24230", "127.0.0.1:24231", "127.0.0.1:24232",
                                                            "127.0.0.1:24233", "127.0.0.1:24234", "127.0.0.1:8000"};

/// Where a process that listens on all addresses of its machine is reached from that machine.
std::string own_address(std::string const& listen) {
    auto where = parse_host_port(listen);
    if (!where) return listen;
    if (where->host == "0.0.0.0" || where->host == "::" || where->host.empty()) where->host = "127.0.0.1";
    return to_text(*where);
}

}  // namespace

std::vector<std::string> admin_addresses_of(settings const& options) {
    auto addresses = options.list("at");
    if (addresses.empty()) addresses.assign(default_addresses.begin(), default_addresses.end());
    return addresses;
}

status_report look_at_all(settings const& options, std::string const& token) {
    std::vector<std::function<status_report()>> probes;
    auto const timeout = options.duration("timeout");
    bool const named = !options.list("at").empty();
    for (auto const& address : admin_addresses_of(options))
        probes.emplace_back([&token, address, timeout, named] {
            auto report = look_at_process(address, timeout, token);
            return named || !report.processes.empty() ? report : status_report{};
        });
    using probe = status_report (*)(settings const&);
    for (auto const& [option, look] :
         std::initializer_list<std::pair<std::string_view, probe>>{{"brokers", look_at_kafka},
                                                                   {"opensearch", look_at_opensearch},
                                                                   {"dashboards", look_at_dashboards},
                                                                   {"loki", look_at_loki},
                                                                   {"grafana", look_at_grafana}})
        if (!options.text(option).empty()) probes.emplace_back([&options, look] { return look(options); });

    // All at once: one that does not answer costs no more than its time-out.
    std::deque<status_report> found(probes.size());
    {
        std::vector<std::jthread> asking;
        for (std::size_t i = 0; i < probes.size(); ++i)
            asking.emplace_back([&found, &probes, i] { found[i] = probes[i](); });
    }
    status_report whole{.time_ns = now_ns(), .components = {}, .hops = {}, .processes = {}};
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

result<> look_at_self(settings const& options) {
    std::vector<std::string> addresses;
    if (auto const& own = options.text("admin"); !own.empty() && own != "none") addresses = {own};
    if (addresses.empty()) addresses.assign(default_addresses.begin(), default_addresses.end());
    std::string why;
    for (auto const& address : addresses) {
        auto const page = fetch_page({.url = fmt::format("http://{}/healthz", own_address(address)),
                                      .timeout = options.duration("timeout"),
                                      .ca_file = {}});
        if (page && page->status == 200) return {};
        why += fmt::format(
            "{}{}", why.empty() ? "" : "; ",
            page ? fmt::format("{}: /healthz answers with HTTP {}", address, page->status) : page.error().message);
    }
    return error{errc::not_connected, why};
}

}  // namespace logpipe
