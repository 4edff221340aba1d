#include "base/log.hpp"
#include "logpipe/web.hpp"
#include "subcommands.hpp"

#include <fmt/format.h>

#include <array>
#include <thread>

namespace logpipe {

namespace {

constexpr std::array<std::string_view, 6> default_addresses{"127.0.0.1:24230", "127.0.0.1:24231", "127.0.0.1:24232",
                                                            "127.0.0.1:24233", "127.0.0.1:24234", "127.0.0.1:8000"};

struct answer {
    std::string address;
    result<process_snapshot> got;
};

/// All at once: one that does not answer costs no more than the time-out.
std::vector<answer> ask_all(std::vector<std::string> const& addresses, std::chrono::milliseconds timeout) {
    std::vector<answer> answers;
    for (auto const& address : addresses) answers.push_back({address, error{errc::timed_out, "not asked"}});
    std::vector<std::jthread> asking;
    for (auto& each : answers)
        asking.emplace_back([&each, timeout] { each.got = fetch_status(each.address, timeout); });
    asking.clear();  // waits
    return answers;
}

}  // namespace

int run_status(settings const& options, argument_list const& /*rest*/) {
    auto addresses = options.list("at");
    bool const named = !addresses.empty();
    if (!named) addresses.assign(default_addresses.begin(), default_addresses.end());
    auto answers = ask_all(addresses, options.duration("timeout"));
    if (!named) std::erase_if(answers, [](answer const& each) { return !each.got; });
    if (answers.empty()) {
        log_error(
            "status: no logpipe process answers at its default address; name one by --at HOST:PORT, as given to its "
            "--admin");
        return exit_usage;
    }
    bool all_well = true;
    bool const json = options.on("json");
    if (json) fmt::print("[");
    for (auto const& each : answers) {
        bool const first = &each == &answers.front();
        if (each.got) {
            all_well = all_well && all_up(*each.got) && each.got->ready;
            fmt::print("{}{}", first ? "" : json ? "," : "\n", json ? to_json(*each.got) : to_table(*each.got));
        } else {
            all_well = false;
            if (json) {
                fmt::print("{}{{\"address\":\"{}\",\"up\":false}}", first ? "" : ",", each.address);
            } else {
                fmt::print("{}{}  down: {}\n", first ? "" : "\n", each.address, each.got.error().message);
            }
        }
    }
    if (json) fmt::print("]\n");
    return all_well ? exit_done : exit_failed;
}

}  // namespace logpipe
