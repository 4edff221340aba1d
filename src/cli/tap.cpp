// Events as they pass a stage of a running process, or as they come into a topic.
#include "core/end_uri.hpp"
#include "core/log.hpp"
#include "journal/journal.hpp"
#include "probes.hpp"
#include "signals.hpp"
#include "subcommands.hpp"
#include "tap_topics.hpp"
#include "transfer.hpp"
#include "web/web.hpp"

#include <fmt/format.h>

namespace logpipe::cli {

using namespace std::chrono_literals;

namespace {

/// Percent-encoded (RFC 3986 section 2.1).
std::string encoded(std::string_view text) {
    std::string out;
    for (char const c : text) {
        bool const plain =
            (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '/';
        out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
    return out;
}

/// The stage may be of any process: those that --at names, or all at their default addresses.
int tap_process(settings const& options, std::string const& stage, tap_printer& printer) {
    auto const access = peer_access_of(options);
    if (!access) return report_failure(options, access.error());
    auto addresses = admin_addresses_of(options);
    auto const query = fmt::format("stage={}&sample={}&form={}", encoded(stage), options.count("sample"),
                                   options.on("readable") ? "readable" : "json");
    std::string reason;
    for (auto const& address : addresses) {
        auto const followed = web::follow_tap(
            {.address = address, .query = query, .access = *access},
            [&](std::string_view line) { return printer.take_line(line); }, [] { return signal_came(0ms); });
        if (followed) return printer.end();
        auto const& failure = followed.error();
        if (failure.code == errc::end_of_input) {
            log_info("tap: {}", failure.message);
            return printer.end();
        }
        // The others may have the stage.
        if (addresses.size() == 1 || failure.code == errc::not_found || failure.code == errc::unauthorized)
            reason += fmt::format("{}{}", reason.empty() ? "" : "; ", failure.message);
    }
    if (reason.empty()) reason = "no logpipe process answers at its default address; name one by --at HOST:PORT";
    log_error("tap: {}", reason);
    return exit_failed;
}

}  // namespace

int run_tap(settings const& options, argument_list const& rest) {
    if (rest.size() != 1)
        return report_failure(
            options, {errc::invalid_argument,
                      "say what to tap: a stage as in `logpipe status`, journal:DIR/TOPIC or kafka://HOST:PORT/TOPIC"});
    tap_printer printer{
        {.readable = options.on("readable"), .sample = options.count("sample"), .count_max = options.count("count")}};
    if (options.count("sample") == 0)
        return report_failure(options, {errc::invalid_argument, "--sample 0: every Nth event is from 1 on"});
    auto const uri = parse_uri(rest.front());
    if (!uri) return report_failure(options, uri.error());
    if (uri->scheme != "journal" && uri->scheme != "kafka") return tap_process(options, rest.front(), printer);
    auto const read = uri->scheme == "journal" ? tap_journal(uri->rest, printer) : tap_kafka(options, *uri, printer);
    return read ? printer.end() : report_failure(options, read.error());
}

result<> tap_journal(std::string const& folder, tap_printer& printer) {
    return journal::follow_journal(folder, [&](batch const& events) -> result<bool> {
        return printer.take_batch(folder, events) && !signal_came(0ms);
    });
}

}  // namespace logpipe::cli
