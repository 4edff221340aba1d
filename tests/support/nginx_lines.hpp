// Access log lines like those of a real server, for tests and benchmarks that need many: a few addresses, requests and
// agents in many combinations, a function of the number alone.
#pragma once

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace logpipe::test {

inline std::string nginx_line(std::uint64_t number) {
    static constexpr std::array<std::string_view, 4> agents = {
        "Debian APT-HTTP/1.3 (0.8.16~exp12ubuntu10.21)", "Debian APT-HTTP/1.3 (1.0.1ubuntu2)",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/41.0.2272.118 Safari/537.36",
        "Chef Client/11.6.2 (ruby-1.9.3-p448; ohai-6.18.0; x86_64-linux; +http://opscode.com)"};
    static constexpr std::array<int, 5> statuses = {304, 404, 200, 304, 404};
    auto const mixed = (number * 0x9e3779b97f4a7c15U) >> 32U;
    auto const status = statuses[mixed % statuses.size()];
    return fmt::format(
        R"({{"time": "17/May/2015:{:02}:05:{:02} +0000", "remote_ip": "{}.{}.{}.{}", "remote_user": "-", )"
        R"("request": "GET /downloads/product_{} HTTP/1.1", "response": {}, "bytes": {}, "referrer": "-", "agent": "{}"}})",
        number / 3600 % 24, number % 60, 20 + mixed % 180, mixed / 7 % 250, mixed / 11 % 250, mixed / 13 % 250,
        1 + mixed % 3, status, status == 304 ? 0 : 300 + mixed % 4000, agents[mixed / 5 % agents.size()]);
}

}  // namespace logpipe::test
