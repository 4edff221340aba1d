#include "rollups.hpp"

#include "made_store.hpp"
#include "schema.hpp"
#include "store/dashboard.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <functional>
#include <random>

using namespace logpipe;
using namespace logpipe::store;
using namespace logpipe::test;

namespace {

constexpr std::int64_t first_minute = 29'000'000;

/// Roll-ups of one field without the documents, and every value beside them in a table that SQL counts.
class counted_values {
  public:
    counted_values() {
        REQUIRE(prepare_store(store_, path_, layout_, false));
        REQUIRE(store_.run("CREATE TABLE truth_of (value TEXT NOT NULL, times INTEGER NOT NULL)"));
        begin();
    }

    /// A transaction every few thousand values; now and then the process is another one.
    void add(std::int64_t minute, std::string_view value, std::int64_t times = 1) {
        for (std::int64_t i = 0; i < times; ++i) change(minute, value, &rollups::add);
        insert_truth_->bind(1, value);
        insert_truth_->bind(2, times);
        REQUIRE(insert_truth_->step() == SQLITE_DONE);
        insert_truth_->reset();
    }
    void remove(std::int64_t minute, std::string_view value) { change(minute, value, &rollups::remove); }
    void commit() {
        REQUIRE(counts_->write(store_));
        insert_truth_.reset();
        REQUIRE(store_.run("COMMIT"));
        begin();
    }

    /// What the page shows of all of it.
    [[nodiscard]] log_values shown(std::size_t count = 10) const {
        auto const opened = open_dashboard(
            {.path = path_, .documents = nginx_documents(), .top_count = count, .time_max = std::chrono::hours{1}});
        REQUIRE(opened.has_value());
        return overview(**opened, everything).facets.at(facet::ip);
    }
    [[nodiscard]] std::int64_t number(std::string_view sql) { return store_.integer(sql).value(); }
    [[nodiscard]] std::uint64_t count_of(std::string_view value) {
        return static_cast<std::uint64_t>(
            number(fmt::format("SELECT sum(times) FROM truth_of WHERE value = '{}'", value)));
    }
    [[nodiscard]] std::vector<std::pair<std::string, std::uint64_t>> most_frequent(int count) {
        auto selected =
            store_.prepare("SELECT value, sum(times) FROM truth_of GROUP BY value ORDER BY 2 DESC, 1 LIMIT ?1");
        REQUIRE(selected.has_value());
        selected->bind(1, std::int64_t{count});
        std::vector<std::pair<std::string, std::uint64_t>> found;
        while (selected->step() == SQLITE_ROW) found.emplace_back(selected->text(0), selected->integer(1));
        return found;
    }

  private:
    void begin() {
        counts_.emplace(std::move(*rollups::prepare(store_, layout_)));
        REQUIRE(store_.run("BEGIN"));
        insert_truth_.emplace(std::move(*store_.prepare("INSERT INTO truth_of (value, times) VALUES (?1, ?2)")));
    }
    void change(std::int64_t minute, std::string_view value,
                void (rollups::*how)(document_row const&, std::int64_t, std::int64_t)) {
        document_row document;
        document.columns.resize(layout_.columns().size());
        document.columns[layout_.facets()[facet::ip]] = value;
        document.columns[layout_.size_column()] = std::int64_t{10};
        (*counts_.*how)(document, minute * 60'000, ++row_);
        if (row_ % 7'000 == 0) commit();
    }

    store_layout const layout_{nginx_documents()};
    scratch_folder const folder_;
    std::string const path_ = folder_.path("store.sqlite");
    database store_ = std::move(*database::open(path_, database_mode::read_write));
    std::optional<rollups> counts_;
    std::optional<statement> insert_truth_;
    std::int64_t row_ = 0;
};

/// What must be true of every list, whatever came, and in whatever order.
void require_true(counted_values& all, std::int64_t total) {
    for (auto const span : rollup_spans) {
        INFO("span " << span);
        auto const of_span = fmt::format(" FROM rollups WHERE field = 1 AND span = {}", span);
        REQUIRE(all.number("SELECT sum(documents)" + of_span) == total);
        REQUIRE(all.number("SELECT sum(bytes)" + of_span) == 10 * total);
        REQUIRE(all.number("SELECT max(n) FROM (SELECT count(*) - 1 AS n" + of_span + " GROUP BY start)") <=
                rollup_values_max);
    }
    auto const list = all.shown();
    REQUIRE(list.missed <= static_cast<std::uint64_t>(total / (rollup_values_kept + 1)));
    for (auto const& each : list.top) {
        INFO(each.value << ": " << each.counts.documents << " + " << each.missed);
        auto const truth = all.count_of(each.value);
        REQUIRE(truth >= each.counts.documents);
        REQUIRE(truth <= each.counts.documents + each.missed);
        REQUIRE(each.missed <= list.missed);
    }
    // What is surely more frequent than the last that is shown is shown as well.
    for (auto const& [value, truth] : all.most_frequent(20)) {
        INFO(value << " came " << truth << " times");
        if (list.top.size() == 10 && truth <= list.top.back().counts.documents + list.missed) continue;
        REQUIRE(std::ranges::find(list.top, value, &log_value::value) != list.top.end());
    }
}

std::int64_t minute_at(std::int64_t at, std::int64_t count) {
    return first_minute + at * 2'000 / count;  // over a day and a half
}

void require_zipf(std::int64_t distinct, std::int64_t count) {
    counted_values all;
    std::mt19937_64 random{7};
    // By the inverse of the distribution of 1/x: the n-th value is about n times as rare as the first.
    std::uniform_real_distribution<double> share{0.0, std::log(static_cast<double>(distinct))};
    for (std::int64_t i = 0; i < count; ++i)
        all.add(minute_at(i, count), fmt::format("10.z.{}", static_cast<std::int64_t>(std::exp(share(random)))));
    all.commit();
    require_true(all, count);
    CHECK(all.shown().top.front().value == "10.z.1");
}

void require_late(std::int64_t distinct) {
    counted_values all;
    auto const total = distinct * 100 / 6;
    for (std::int64_t i = 0; i < distinct; ++i) all.add(first_minute, fmt::format("10.d.{}", i));
    all.add(first_minute, "10.0.0.94", total - distinct);
    all.commit();
    require_true(all, total);
    auto const list = all.shown();
    REQUIRE(list.top.front().value == "10.0.0.94");
    CHECK(list.top.front().counts.documents == static_cast<std::uint64_t>(total - distinct));
    CHECK(list.others.documents >= static_cast<std::uint64_t>(distinct - rollup_values_max));
}

/// Always the one that was thrown out longest ago, and one in eight is the same.
void require_rotation(std::int64_t distinct, std::int64_t count) {
    counted_values all;
    for (std::int64_t i = 0; i < count; ++i)
        all.add(minute_at(i, count), i % 8 == 3 ? "10.0.0.8" : fmt::format("10.r.{}", i % distinct));
    all.commit();
    require_true(all, count);
    CHECK(all.shown().top.front().value == "10.0.0.8");
}

}  // namespace

TEST_CASE("ten thousand values of a skewed field: what is shown agrees with SQL", "[rollups]") {
    require_zipf(10'000, 40'000);
    require_rotation(10'000, 40'000);
}

TEST_CASE("an address with 94 % of the traffic that comes after ten thousand others leads the list", "[rollups]") {
    require_late(10'000);
}

TEST_CASE("values that return just after their eviction hide no frequent one", "[rollups]") {
    require_rotation(rollup_values_max + 1, 30'000);
    require_rotation(rollup_values_kept + 1, 20'000);
}

TEST_CASE("a hundred thousand values of a skewed field: what is shown agrees with SQL", "[rollups]") {
    require_zipf(100'000, 150'000);
    require_late(100'000);
}

TEST_CASE("a million values of a skewed field: what is shown agrees with SQL", "[.][rollups][long]") {
    require_zipf(1'000'000, 3'000'000);
    require_late(1'000'000);
    require_rotation(1'000'000, 2'000'000);
}

TEST_CASE("few values are counted exactly, and nothing is said to be missed", "[rollups]") {
    counted_values all;
    for (int i = 0; i < 20'000; ++i) all.add(minute_at(i, 20'000), fmt::format("10.0.0.{}", i % 1'999));
    all.commit();
    auto const list = all.shown();
    CHECK(list.distinct == 1'999);
    CHECK(list.missed == 0);
    CHECK(list.others.documents == 0);
    for (auto const& each : list.top) CHECK((each.missed == 0 && each.counts.documents == all.count_of(each.value)));
}

TEST_CASE("what is removed leaves counts between their bounds, and at last nothing", "[rollups]") {
    counted_values all;
    constexpr int count = 30'000;
    auto const value_of = [](int i) {
        return i % 4 == 1 ? std::string{"10.0.0.4"} : fmt::format("10.v.{}", (i * 7'919) % 6'000);
    };
    for (int i = 0; i < count; ++i) all.add(minute_at(i, count), value_of(i));
    all.commit();
    for (int i = 0; i < count / 2; ++i) all.remove(minute_at(i, count), value_of(i));
    all.commit();
    CHECK(all.number("SELECT sum(documents) FROM rollups WHERE field = 1 AND span = 60") == count / 2);
    CHECK(all.number("SELECT min(documents) FROM rollups") >= 0);
    auto const list = all.shown();
    REQUIRE(list.top.front().value == "10.0.0.4");
    CHECK(list.top.front().counts.documents <= count / 8);
    CHECK(list.top.front().counts.documents + list.top.front().missed >= count / 8);
    for (int i = count / 2; i < count; ++i) all.remove(minute_at(i, count), value_of(i));
    all.commit();
    CHECK(all.number("SELECT count(*) FROM rollups") == 0);
}
