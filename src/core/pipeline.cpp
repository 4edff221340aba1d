#include "logpipe/pipeline.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>

namespace logpipe {

namespace {

/// Whether events of `hop` come back to it.
bool is_in_circle(pipeline_spec const& spec, hop_spec const& hop) {
    std::set<std::string_view> seen;
    std::vector<hop_spec const*> next{&hop};
    while (!next.empty()) {
        auto const* writer = next.back();
        next.pop_back();
        for (auto const& each : spec.hops) {
            if (!feeds(*writer, each)) continue;
            if (&each == &hop) return true;
            if (seen.insert(each.name).second) next.push_back(&each);
        }
    }
    return false;
}

}  // namespace

std::string without_login(std::string_view uri) {
    auto const scheme = uri.find("://");
    if (scheme == std::string_view::npos) return std::string{uri};
    auto const begin = scheme + 3;
    auto const host = uri.substr(begin, uri.find_first_of("/?#", begin) - begin);
    auto const at = host.rfind('@');
    if (at == std::string_view::npos) return std::string{uri};
    return fmt::format("{}...{}", uri.substr(0, begin), uri.substr(begin + at));
}

std::string target_of(std::string_view uri) {
    auto const bare = without_login(uri.substr(0, uri.find('?')));
    constexpr std::string_view journal = "journal:";
    if (!bare.starts_with(journal)) return bare;
    return std::string{journal} + std::filesystem::path{bare.substr(journal.size())}.lexically_normal().string();
}

bool feeds(hop_spec const& writer, hop_spec const& reader) {
    auto const from = target_of(reader.from);
    return from == target_of(writer.to) ||
           std::ranges::any_of(writer.routes, [&](route_spec const& each) { return from == target_of(each.to); });
}

result<> check(pipeline_spec const& spec) {
    auto const invalid = [](std::string message) { return error{errc::invalid_argument, std::move(message)}; };
    if (spec.hops.empty()) return invalid("a pipeline has at least one hop");
    std::set<std::string_view> names;
    for (auto const& hop : spec.hops) {
        if (hop.name.empty()) return invalid("a hop has no name");
        if (!names.insert(hop.name).second) return invalid(fmt::format("two hops have the name {}", hop.name));
        for (auto const& [key, value] : {std::pair{"from", &hop.from}, {"to", &hop.to}})
            if (value->empty()) return invalid(fmt::format("hop {}: `{}` is missing", hop.name, key));
        if (hop.threads == 0 || hop.threads > hop_spec::threads_max)
            return invalid(
                fmt::format("hop {}: threads: expected an integer from 1 to {}", hop.name, hop_spec::threads_max));
        if (hop.threads > 1 && !hop.from.starts_with("kafka:"))
            return invalid(fmt::format("hop {}: threads: only a Kafka topic can have several readers, not {}", hop.name,
                                       without_login(hop.from)));
    }
    for (auto const& hop : spec.hops) {
        if (feeds(hop, hop))
            return invalid(fmt::format("hop {}: it reads and writes {}, so each event would be read again", hop.name,
                                       without_login(hop.from)));
        if (is_in_circle(spec, hop))
            return invalid(fmt::format("hop {}: what it writes comes back to {} through other hops", hop.name,
                                       without_login(hop.from)));
    }
    return {};
}

std::string drawing_of(pipeline_spec const& spec) {
    std::size_t width = 0;
    for (auto const& hop : spec.hops) width = std::max(width, hop.name.size());
    std::string out;
    for (auto const& hop : spec.hops) {
        auto const line = [&](std::string_view head, std::string_view text) {
            out += fmt::format("{:{}}  {}\n", head, width, text);
        };
        line(hop.name,
             fmt::format("{} → {}{}{}{}", without_login(hop.from),
                         hop.transform.empty() ? std::string{} : fmt::format("{} → ", hop.transform),
                         without_login(hop.to), hop.tags.empty() ? std::string{} : fmt::format("  (tags {})", hop.tags),
                         hop.threads > 1 ? fmt::format("  ({} threads)", hop.threads) : std::string{}));
        for (auto const& each : hop.routes) line("", fmt::format("tags {} → {}", each.tags, without_login(each.to)));
        if (!hop.dead_letters.empty()) line("", fmt::format("dead letters → {}", without_login(hop.dead_letters)));
    }
    return out;
}

}  // namespace logpipe
