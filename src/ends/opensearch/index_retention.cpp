#include "index_retention.hpp"

#include "index_choice.hpp"
#include "live_target.hpp"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <algorithm>
#include <utility>

namespace logpipe::opensearch {

result<std::vector<std::string>> find_expired_indices(net::http_client& client, index_pattern const& pattern,
                                                      std::int64_t age_max_ns, std::int64_t now_ns) {
    auto const path = fmt::format("/{}/_alias", encode_path_part(pattern.expression()));
    auto const body = fetch_body(client, {.method = "GET", .path = path, .body = {}});
    if (!body) return body.error();
    auto const response = parse_object(path, *body);
    if (!response) return response.error();
    std::vector<std::pair<std::chrono::sys_days, std::string>> expired;
    for (auto const& [name, value] : *response)
        if (auto const period = pattern.period_of_index(name); period && has_expired(*period, age_max_ns, now_ns))
            expired.emplace_back(period->begin, name);
    std::ranges::sort(expired);
    std::vector<std::string> names;
    for (auto& [begin, name] : expired) names.push_back(std::move(name));
    return names;
}

result<> delete_index(net::http_client& client, std::string const& index) {
    auto const done = fetch_body(client, {.method = "DELETE", .path = "/" + encode_path_part(index), .body = {}});
    if (!done && done.error().code != errc::not_found) return done.error();
    return {};
}

}  // namespace logpipe::opensearch
