#include "support/catch.hpp"
#include "support/reports.hpp"
#include "support/store_events.hpp"

#include "real_server.hpp"

#include <algorithm>
#include <set>

using namespace logpipe;
using namespace logpipe::opensearch;
using namespace logpipe::test;

namespace {

bool any_contains(std::vector<std::string> const& lines, std::string_view words) {
    return std::ranges::any_of(lines, [&](std::string const& line) { return line.contains(words); });
}

void index_documents(real_index const& index, std::uint64_t count) {
    finished_batches finished;
    auto const sink = make_opensearch_sink(index.options());
    REQUIRE(sink->open(finished).has_value());
    auto events = store_batch(0, count);
    REQUIRE(sink->write(events).has_value());
    REQUIRE(sink->flush().has_value());
    REQUIRE(finished.wait(1).size() == 1);
}

}  // namespace

TEST_CASE("the ids of more documents than a page holds are given, each once", "[opensearch]") {
    real_index index;
    auto const shards = GENERATE(1, 3);
    index.ask("PUT", "", fmt::format(R"({{"settings":{{"number_of_shards":{}}}}})", shards));
    index_documents(index, 35'000);
    auto const admin = make_opensearch_admin(real_server(), formats::nginx_mapping().documents);
    REQUIRE(admin->refresh(index.name()).has_value());
    std::set<std::string> ids;
    std::uint64_t given = 0;
    auto const scanned = admin->scan_ids(index.name(), [&](std::string_view id) -> result<> {
        ++given;
        ids.emplace(id);
        return {};
    });
    REQUIRE(scanned.has_value());
    CHECK(given == 35'000);
    CHECK(ids.size() == 35'000);
    CHECK(ids.contains(store_id(34'999).text()));
    auto const found = admin->find(index.name(), store_id(34'999).text());
    REQUIRE(found.has_value());
    REQUIRE(found->size() == 1);
    CHECK(found->front().index == index.name());
    CHECK(admin->find(index.name(), store_id(35'000).text()).value().empty());

    auto const stopped =
        admin->scan_ids(index.name(), [](std::string_view) -> result<> { return error{errc::storage_full, "enough"}; });
    REQUIRE_FALSE(stopped.has_value());
    CHECK(stopped.error() == error{errc::storage_full, "enough"});
    CHECK(admin->scan_ids("not-there", {}).error().code == errc::not_found);
}

TEST_CASE("setting up puts the template, and says so without doing it on a dry run", "[opensearch]") {
    real_index index;
    auto const admin = make_opensearch_admin(real_server(), formats::nginx_mapping().documents);
    auto const dry = admin->set_up(index.name(), {.dry_run = true});
    REQUIRE(dry.has_value());
    CHECK(any_contains(dry->lines, "would put version 2"));
    CHECK(any_contains(dry->lines, opensearch_template(index.name(), formats::nginx_mapping().documents)));
    auto const still_dry = admin->set_up(index.name(), {.dry_run = true});
    CHECK_FALSE(any_contains(still_dry.value().lines, "in place of"));
    auto const done = admin->set_up(index.name(), {});
    REQUIRE(done.has_value());
    CHECK(any_contains(done->lines, "put version 2"));
    CHECK(any_contains(done->lines, "not there yet"));
    CHECK(any_contains(admin->set_up(index.name(), {}).value().lines, "in place of version 2"));
    index_documents(index, 1);
    CHECK(any_contains(admin->set_up(index.name(), {}).value().lines, "as the template"));
    CHECK(admin->mapping_conflicts(index.name()).value().empty());
    CHECK(admin->mapping_conflicts("not-there").value().empty());
}

TEST_CASE("an index with another mapping is told apart, and follows where it can", "[opensearch]") {
    real_index index;
    index.ask("PUT", "",
              R"({"mappings":{"properties":{"event":{"properties":{"remote_ip":{"type":"text"},)"
              R"("response":{"type":"integer"}}}}}})");
    auto const admin = make_opensearch_admin(real_server(), formats::nginx_mapping().documents);
    auto const conflicts = admin->mapping_conflicts(index.name());
    REQUIRE(conflicts.has_value());
    CHECK(any_contains(*conflicts, "event.remote_ip is text, the template has ip"));
    CHECK(any_contains(*conflicts, "event.bytes: long"));
    CHECK_FALSE(any_contains(*conflicts, "event.response"));
    CHECK(any_contains(admin->set_up(index.name(), {.dry_run = true}).value().lines, "would map"));
    auto const done = admin->set_up(index.name(), {});
    REQUIRE(done.has_value());
    CHECK(any_contains(done->lines, "mapped"));
    CHECK(any_contains(done->lines, "event.remote_ip is text"));
    auto const left = admin->mapping_conflicts(index.name()).value();
    REQUIRE(left.size() == 1);
    CHECK(left[0].contains("event.remote_ip"));
    auto const bytes =
        index.ask("GET", "/_mapping")
            .at_pointer(fmt::format("/{}/mappings/properties/event/properties/bytes/type", index.name()));
    CHECK(bytes == "long");
}

TEST_CASE("a cluster's summary counts the index's documents", "[opensearch]") {
    real_index index;
    auto const admin = make_opensearch_admin(real_server(), formats::nginx_mapping().documents);
    auto const before = admin->summary(index.name());
    REQUIRE(before.has_value());
    CHECK(before->documents == 0);
    index_documents(index, 10);
    REQUIRE(admin->refresh(index.name()).has_value());
    auto const after = admin->summary(index.name());
    REQUIRE(after.has_value());
    CHECK(after->documents == 10);
    CHECK((after->version.starts_with("2.") || after->version.starts_with("3.")));
    CHECK(after->nodes == 1);
    CHECK((after->status == "green" || after->status == "yellow"));
    CHECK_FALSE(after->cluster.empty());
    CHECK(after->disk_bytes >= after->disk_bytes_free);
    CHECK(after->disk_bytes_free > 0);
    CHECK(after->index_bytes > 0);
    CHECK(admin->count("not-there").error().code == errc::not_found);
}
