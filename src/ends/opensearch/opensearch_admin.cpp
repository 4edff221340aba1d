#include "bulk_response.hpp"
#include "index_set_up.hpp"
#include "server_requests.hpp"

#include "opensearch/opensearch.hpp"

#include <fmt/format.h>
#include <simdjson.h>
#include <boost/json.hpp>

#include <charconv>
#include <utility>

namespace logpipe::opensearch {

namespace json = boost::json;

namespace {

/// `index.max_result_window` is 10,000 unless somebody changed it.
constexpr std::size_t page_ids = 10'000;
constexpr std::string_view page_keep_alive = "2m";

/// Of a name, or for all indices of a pattern.
std::string path_part_of(std::string_view index) {
    auto const pattern = index_pattern::parse(index);
    return encode_path_part(pattern ? pattern->expression() : index);
}

/// A number anywhere below `from`; 0 where it is not there.
std::uint64_t number_at(json::value const& from, std::string_view pointer) {
    boost::system::error_code failed;
    auto const* value = from.find_pointer(pointer, failed);
    if (value == nullptr) return 0;
    auto const number = value->to_number<std::uint64_t>(failed);
    return failed ? 0 : number;
}

std::string text_at(json::value const& from, std::string_view pointer) {
    boost::system::error_code missing;
    auto const* value = from.find_pointer(pointer, missing);
    if (value == nullptr || !value->is_string()) return {};
    return std::string{value->as_string()};
}

/// One page of a scan.
struct id_page {
    std::size_t ids = 0;
    std::string after;  ///< `sort` of the last one, as JSON
    std::string pit;    ///< the point in time for the next page
};

/// Sends over one connection; owned by one thread.
class rest_admin final : public opensearch_admin {
  public:
    rest_admin(opensearch_connection connection, schema documents)
        : connection_{std::move(connection)}, documents_{std::move(documents)} {}

    result<opensearch_summary> summary(std::string const& index) override;
    result<index_set_up> set_up(std::string const& index, index_set_up_options const& options) override {
        if (auto ready = connect(); !ready) return ready.error();
        auto const target = target_of(index, options.settings);
        if (!target) return target.error();
        return set_up_index(*client_, *target, options);
    }
    result<std::vector<std::string>> mapping_conflicts(std::string const& index) override {
        if (auto ready = connect(); !ready) return ready.error();
        auto const target = target_of(index, {});
        if (!target) return target.error();
        return find_mapping_conflicts(*client_, *target);
    }
    result<> refresh(std::string const& index) override;
    result<std::uint64_t> count(std::string const& index) override;
    result<> scan_ids(std::string const& index, std::function<result<>(std::string_view)> const& each) override;
    result<std::vector<found_document>> find(std::string const& index, std::string_view id) override;

  private:
    [[nodiscard]] result<target_index> target_of(std::string const& index, index_settings settings) const {
        auto pattern = index_pattern::parse(index);
        if (!pattern) return pattern.error();
        return target_index{.pattern = *std::move(pattern), .documents = documents_, .settings = std::move(settings)};
    }
    [[nodiscard]] result<> connect();
    [[nodiscard]] result<json::value> request(std::string_view method, std::string const& path,
                                              std::string_view body = {});
    [[nodiscard]] result<> scan_shard(std::string_view index, std::uint64_t shard,
                                      std::function<result<>(std::string_view)> const& each);
    [[nodiscard]] result<> scan_pages(std::string& pit, std::function<result<>(std::string_view)> const& each);
    [[nodiscard]] result<id_page> read_page(std::string& body, std::function<result<>(std::string_view)> const& each);

    opensearch_connection const connection_;
    schema const documents_;
    std::unique_ptr<net::http_client> client_;
    simdjson::ondemand::parser parser_;
};

result<> rest_admin::connect() {
    if (client_) return {};
    auto targets = make_targets(connection_);
    if (!targets) return targets.error();
    auto client = std::make_unique<net::http_client>(std::move(targets->front()));
    targets->erase(targets->begin());
    if (auto chosen = choose_server(*client, *std::move(targets)); !chosen) return chosen;
    client_ = std::move(client);
    return {};
}

result<json::value> rest_admin::request(std::string_view method, std::string const& path, std::string_view body) {
    if (auto ready = connect(); !ready) return ready.error();
    auto const response = fetch_body(*client_, {.method = method, .path = path, .body = body});
    if (!response) return response.error();
    boost::system::error_code failed;
    auto parsed = json::parse(*response, failed);
    if (failed) return error{errc::protocol, fmt::format("{} {}: the response is not JSON", method, path)};
    return parsed;
}

result<opensearch_summary> rest_admin::summary(std::string const& index) {
    auto const root = request("GET", "/");
    if (!root) return root.error();
    auto const health = request("GET", "/_cluster/health");
    if (!health) return health.error();
    auto const nodes = request("GET", "/_cluster/stats?filter_path=nodes.fs");
    if (!nodes) return nodes.error();
    opensearch_summary found{.version = text_at(*root, "/version/number"),
                             .cluster = text_at(*root, "/cluster_name"),
                             .status = text_at(*health, "/status"),
                             .nodes = number_at(*health, "/number_of_nodes"),
                             .disk_bytes_free = number_at(*nodes, "/nodes/fs/available_in_bytes"),
                             .disk_bytes = number_at(*nodes, "/nodes/fs/total_in_bytes")};
    auto const stats = request("GET", fmt::format("/{}/_stats/docs,store?filter_path=_all", path_part_of(index)));
    if (!stats && stats.error().code == errc::not_found) return found;
    if (!stats) return stats.error();
    found.documents = number_at(*stats, "/_all/primaries/docs/count");
    found.index_bytes = number_at(*stats, "/_all/total/store/size_in_bytes");
    return found;
}

result<> rest_admin::refresh(std::string const& index) {
    auto const done = request("POST", fmt::format("/{}/_refresh", path_part_of(index)));
    if (!done) return done.error();
    return {};
}

result<std::uint64_t> rest_admin::count(std::string const& index) {
    auto const path = fmt::format("/{}/_count", path_part_of(index));
    auto const response = request("GET", path);
    if (!response) return response.error();
    if (number_at(*response, "/_shards/failed") != 0)
        return error{errc::not_connected, fmt::format("GET {}: some shards did not respond", path)};
    return number_at(*response, "/count");
}

result<std::vector<opensearch_admin::found_document>> rest_admin::find(std::string const& index, std::string_view id) {
    auto const path = fmt::format("/{}/_search", path_part_of(index));
    auto const response =
        request("POST", path,
                json::serialize(json::object{{"size", 100}, {"query", {{"ids", {{"values", json::array{id}}}}}}}));
    if (!response) return response.error();
    if (number_at(*response, "/_shards/failed") != 0)
        return error{errc::not_connected, fmt::format("POST {}: some shards did not respond", path)};
    std::vector<found_document> found;
    boost::system::error_code missing;
    auto const* const hits = response->find_pointer("/hits/hits", missing);
    if (hits == nullptr || !hits->is_array())
        return error{errc::protocol, fmt::format("POST {}: unexpected response: no hits", path)};
    for (auto const& hit : hits->get_array()) {
        auto const* const source = hit.find_pointer("/_source", missing);
        found.push_back({.index = text_at(hit, "/_index"),
                         .source = source == nullptr ? std::string{"{}"} : json::serialize(*source)});
    }
    return found;
}

result<> rest_admin::scan_ids(std::string const& index, std::function<result<>(std::string_view)> const& each) {
    auto const settings = request("GET", fmt::format("/{}/_settings/index.number_of_shards", path_part_of(index)));
    if (!settings) return settings.error();
    // `_doc`, Lucene's own numbers, is an order that costs no sorting, and within one shard each has its own. (An order
    // over all shards, `_shard_doc`, is there from OpenSearch 3 on.)
    for (auto const& [name, value] : settings->as_object()) {
        auto const count = text_at(value, "/settings/index/number_of_shards");
        std::uint64_t shards = 0;
        if (std::from_chars(count.data(), count.data() + count.size(), shards).ec != std::errc{})
            return error{errc::protocol, fmt::format("index {}: the response lacks the number of its shards", name)};
        for (std::uint64_t shard = 0; shard < shards; ++shard)
            if (auto scanned = scan_shard(name, shard, each); !scanned) return scanned;
    }
    return {};
}

result<> rest_admin::scan_shard(std::string_view index, std::uint64_t shard,
                                std::function<result<>(std::string_view)> const& each) {
    auto const opened = request("POST", fmt::format("/{}/_search/point_in_time?keep_alive={}&preference=_shards:{}",
                                                    path_part_of(index), page_keep_alive, shard));
    if (!opened) return opened.error();
    auto pit = text_at(*opened, "/pit_id");
    if (number_at(*opened, "/_shards/successful") != 1 || pit.empty())
        return error{errc::not_connected, fmt::format("index {}: shard {} does not respond", index, shard)};
    auto scanned = scan_pages(pit, each);
    auto const closing = json::serialize(json::object{{"pit_id", json::array{json::string{pit}}}});
    // One that stays open ends by itself.
    static_cast<void>(request("DELETE", "/_search/point_in_time", closing));
    return scanned;
}

result<> rest_admin::scan_pages(std::string& pit, std::function<result<>(std::string_view)> const& each) {
    std::string after;
    while (true) {
        auto const body =
            fmt::format(R"({{"size":{},"pit":{{"id":{},"keep_alive":"{}"}},"sort":[{{"_doc":"asc"}}],"_source":false,)"
                        R"("track_total_hits":false{}}})",
                        page_ids, json::serialize(json::string{pit}), page_keep_alive,
                        after.empty() ? std::string{} : fmt::format(R"(,"search_after":{})", after));
        auto response = fetch_body(
            *client_, {.method = "POST",
                       .path = "/_search?filter_path=pit_id,timed_out,_shards.failed,hits.hits._id,hits.hits.sort",
                       .body = body});
        if (!response) return response.error();
        auto page = read_page(*response, each);
        if (!page) return page.error();
        if (!page->pit.empty()) pit = std::move(page->pit);
        if (page->ids < page_ids) return {};
        after = std::move(page->after);
    }
}

result<id_page> rest_admin::read_page(std::string& body, std::function<result<>(std::string_view)> const& each) {
    auto const broken = [](std::string_view reason) {
        return error{errc::protocol, fmt::format("POST /_search: unexpected response: {}", reason)};
    };
    body.reserve(body.size() + simdjson::SIMDJSON_PADDING);
    id_page page;
    simdjson::ondemand::document document;
    if (parser_.iterate(body).get(document)) return broken("no JSON");
    std::uint64_t failed_shards = 0;
    if (!document["_shards"]["failed"].get_uint64().get(failed_shards) && failed_shards > 0)
        return error{errc::not_connected, "POST /_search: some shards did not respond"};
    std::string_view text;
    document.rewind();
    if (!document["pit_id"].get_string().get(text)) page.pit = text;
    document.rewind();
    simdjson::ondemand::array hits;
    if (document["hits"]["hits"].get_array().get(hits)) return page;  // the filter leaves no empty list
    for (auto element : hits) {
        simdjson::ondemand::object hit;
        if (element.get_object().get(hit)) return broken("a hit is not an object");
        if (hit["_id"].get_string().get(text)) return broken("a hit has no id");
        if (auto taken = each(text); !taken) return taken.error();
        simdjson::ondemand::array sort;
        std::string_view raw;
        if (hit["sort"].get_array().get(sort) || sort.raw_json().get(raw)) return broken("a hit has no sort value");
        page.after = raw;
        ++page.ids;
    }
    return page;
}

}  // namespace

std::unique_ptr<opensearch_admin> make_opensearch_admin(opensearch_connection connection, schema documents) {
    return std::make_unique<rest_admin>(std::move(connection), std::move(documents));
}

}  // namespace logpipe::opensearch
