// A store of made-up documents, and what an overview of them must say.
#pragma once

#include "logpipe/dashboard.hpp"
#include "opened_sink.hpp"
#include "store/dashboard.hpp"
#include "support/scratch_folder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>

namespace logpipe::test {

using namespace store;

inline constexpr log_view everything{
    .from_minute = 0, .to_minute = std::numeric_limits<std::int64_t>::max() / 60'000, .filters = {}, .search = {}};

struct made_document {
    std::int64_t time_ms = 0;
    int status = 200;
    std::int64_t bytes = 10;
    std::string ip = "10.0.0.1";
    std::string request = "GET / HTTP/1.1";
    std::string agent = "Wget";
};

inline batch batch_of(std::vector<made_document> const& documents, std::uint64_t first_id) {
    batch events;
    for (auto const& each : documents) {
        auto& row = events.append(events.tag_index("app.follow"), store_id(first_id++), 0, "{}");
        row.received_ns = each.time_ms * 1'000'000;
        auto const document = fmt::format(
            R"({{"event":{{"remote_ip":"{}","request":"{}","response":{},"bytes":{},"referrer":"-","agent":"{}"}},)"
            R"("fields":{{"region":"eu"}},"time":{}}})",
            each.ip, each.request, each.status, each.bytes, each.agent, each.time_ms);
        row.document_begin = static_cast<std::uint32_t>(events.documents.size());
        row.document_bytes = static_cast<std::uint32_t>(document.size());
        events.documents += document;
    }
    events.transformed = true;
    events.end_offset = first_id;
    events.counts.in = documents.size();
    return events;
}

/// Documents over three days, a few an hour, in no order of time.
inline std::vector<made_document> three_days() {
    std::vector<made_document> documents;
    for (int i = 0; i < 3'000; ++i) {
        auto const minute = (i * 7'919) % (3 * 1440);
        documents.push_back({.time_ms = (29'000'000LL + minute) * 60'000 + i % 60'000,
                             .status = i % 10 == 0 ? 404 : (i % 25 == 1 ? 500 : 200),
                             .bytes = i,
                             .ip = fmt::format("10.0.{}.{}", i % 3, i % 7),
                             .request = fmt::format("GET /product_{} HTTP/1.1", i % 13),
                             .agent = fmt::format("agent {}", i % 4)});
    }
    return documents;
}

struct made_store {
    explicit made_store(std::vector<made_document> documents, store::sqlite_sink_options options = {})
        : all{std::move(documents)} {
        open_sink sink{path, std::move(options)};
        sink.store(batch_of(all, 1));
        REQUIRE(sink.to->flush());
    }
    [[nodiscard]] std::unique_ptr<log_dashboard> open(store::dashboard_options options = {}) const {
        options.path = path;
        options.documents = nginx_documents();
        auto opened = open_dashboard(std::move(options));
        REQUIRE(opened.has_value());
        return std::move(*opened);
    }
    scratch_folder folder;
    std::string path = folder.path("store.sqlite");
    std::vector<made_document> all;
};

inline log_overview overview(log_dashboard& store, log_view const& view) {
    auto shown = store.overview(view);
    INFO((shown ? "" : shown.error().message));
    REQUIRE(shown.has_value());
    return std::move(*shown);
}

/// The same figures, worked out from the documents themselves.
inline void require_figures(log_overview const& shown, std::vector<made_document> const& documents) {
    std::uint64_t bytes = 0;
    std::map<std::string, std::uint64_t> requests;
    std::map<std::string, std::uint64_t> ips;
    std::array<std::uint64_t, 6> classes{};
    for (auto const& each : documents) {
        bytes += static_cast<std::uint64_t>(each.bytes);
        ++requests[each.request];
        ++ips[each.ip];
        ++classes.at(static_cast<std::size_t>(each.status / 100));
    }
    CHECK(shown.total.documents == documents.size());
    CHECK(shown.total.bytes == bytes);
    CHECK(shown.facets.at(facet::ip).distinct == ips.size());
    std::array<std::uint64_t, 6> in_bars{};
    std::uint64_t bytes_in_bars = 0;
    for (auto const& bar : shown.bars) {
        CHECK(bar.start_minute % shown.bar_minutes == 0);
        bytes_in_bars += bar.bytes;
        for (std::size_t i = 0; i < in_bars.size(); ++i) in_bars[i] += bar.classes[i];
    }
    CHECK(in_bars == classes);
    CHECK(bytes_in_bars == bytes);
    auto const& top = shown.facets.at(facet::request).top;
    REQUIRE(top.size() == std::min<std::size_t>(10, requests.size()));
    for (auto const& each : top) CHECK(each.counts.documents == requests[each.value]);
    CHECK(std::ranges::is_sorted(top, std::greater{}, [](log_value const& each) { return each.counts.documents; }));
}

template <class Keep>
std::vector<made_document> only(std::vector<made_document> const& all, Keep keep) {
    std::vector<made_document> kept;
    std::ranges::copy_if(all, std::back_inserter(kept), keep);
    return kept;
}

}  // namespace logpipe::test
