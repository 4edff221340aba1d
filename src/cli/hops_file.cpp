#include "hops_file.hpp"

#include "core/end_uri.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace logpipe::cli {

namespace {

constexpr std::size_t in_flight_bytes_max = std::size_t{48} << 20U;

/// A journal has one writer, so each hop has its own dead letters there; a topic of Kafka has many.
std::string dead_letters_of(hop_spec const& hop, settings const& options) {
    if (hop.from.starts_with("journal:")) return with_suffix(hop.from, fmt::format(".{}.dlq", hop.name));
    if (hop.from.starts_with("kafka:")) return with_suffix(hop.from, ".dlq");
    return fmt::format("journal:{}/{}.dlq", options.text("data-dir"), hop.name);
}

}  // namespace

result<std::optional<pipeline_spec>> hops_of_file(settings const& options) {
    if (options.hops().empty()) return std::optional<pipeline_spec>{};
    for (auto const* name : {"from", "listen", "broker", "store", "group"})
        if (auto const& value = options.all().at(name); value.origin.starts_with("--"))
            return error{errc::invalid_argument,
                         fmt::format("{}: the tables [hops.NAME] of the configuration say what runs", value.origin)};
    pipeline_spec spec{.name = "run", .hops = options.hops()};
    for (auto& hop : spec.hops) {
        if (hop.group.empty()) hop.group = hop.name;
        if (hop.dead_letters.empty()) hop.dead_letters = dead_letters_of(hop, options);
        hop.in_flight_bytes_max = in_flight_bytes_max;
        hop.continues_sink = true;
        bool const is_fed = std::ranges::any_of(spec.hops, [&](hop_spec const& each) { return feeds(each, hop); });
        hop.until_end = options.on("once") && !is_fed;
        if (options.on("once") && is_fed && !hop.from.starts_with("journal:"))
            return error{errc::invalid_argument,
                         fmt::format("--once: the end of {}, which hop {} reads and another one writes, is not known",
                                     without_login(hop.from), hop.name)};
    }
    return spec;
}

}  // namespace logpipe::cli
