// From whatever stage rejects to whatever keeps the letters: the original bytes come back, whatever they are.
#include "runtime/dead_letters.hpp"
#include "codec/dead_letter_frame.hpp"
#include "runtime/pump.hpp"
#include "runtime/router.hpp"
#include "support/catch.hpp"
#include "support/memory_ends.hpp"

#include <map>

using namespace logpipe;
using namespace logpipe::codec;
using namespace logpipe::runtime;
using namespace logpipe::test;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view good = R"({"good":1})";

/// Rejects all but `good`, where it is told to stand.
enum class where : std::uint8_t { source, transform_stage, sink_names, sink_rejects_whole, sink_reports, router };

void reject_bad(batch& events) {
    for (std::uint32_t i = 0; i < events.events.size(); ++i)
        if (!events.events[i].rejected && events.record(events.events[i]) != good) events.reject(i, "picky", "bad");
}

class picky_transform final : public transform {
  public:
    void apply(batch& events) override { reject_bad(events); }
    stage_status status() const override { return {.name = "picky"}; }
};

class picky_source final : public source {
  public:
    explicit picky_source(memory_source& from) : from_{from} {}
    result<> open() override { return from_.open(); }
    std::string identity() const override { return from_.identity(); }
    result<> seek(std::span<position const> stored) override { return from_.seek(stored); }
    result<> read(batch& into, steady_time until) override {
        auto read = from_.read(into, until);
        if (read) reject_bad(into);
        return read;
    }
    result<> commit(std::span<progress const> safe) override { return from_.commit(safe); }
    void stop() override { from_.stop(); }
    void wake() override { from_.wake(); }
    stage_status status() const override { return from_.status(); }

  private:
    memory_source& from_;
};

class picky_sink final : public sink {
  public:
    picky_sink(where how, std::vector<std::string>& taken) : how_{how}, taken_{taken} {}
    result<> open(completions& reports) override {
        reports_ = &reports;
        return {};
    }
    result<> write(batch& events) override {
        auto const rejected_before = events.rejections.size();
        bool bad = false;
        for (auto const& row : events.events) bad = bad || (!row.rejected && events.record(row) != good);
        if (bad && how_ == where::sink_rejects_whole) return error{errc::rejected, "bad"};
        if (bad) reject_bad(events);
        if (how_ == where::sink_names && events.rejections.size() > rejected_before)
            return error{errc::rejected, "some are bad"};
        for (auto const& row : events.events)
            if (!row.rejected) {
                taken_.emplace_back(events.payload(row));
                ++events.counts.indexed;
            }
        auto taken = std::move(events);
        reports_->done(std::move(taken));
        return {};
    }
    result<> flush() override { return {}; }
    result<std::optional<std::vector<progress>>> stored(std::string const& /*identity*/) override {
        return std::optional<std::vector<progress>>{};
    }
    void cancel() override {}
    stage_status status() const override { return {.name = "picky_sink"}; }

  private:
    where const how_;
    std::vector<std::string>& taken_;
    completions* reports_ = nullptr;
};

/// Keeps records up to a size, and reports larger ones as rejected.
class limited_letters final : public sink {
  public:
    limited_letters(std::size_t bytes_max, std::vector<std::string>& kept) : bytes_max_{bytes_max}, kept_{kept} {}
    result<> open(completions& reports) override {
        reports_ = &reports;
        return {};
    }
    result<> write(batch& events) override {
        for (std::uint32_t i = 0; i < events.events.size(); ++i) {
            auto const& row = events.events[i];
            if (row.record_bytes > bytes_max_)
                events.reject(i, "limited", "too large");
            else
                kept_.emplace_back(events.record(row));
        }
        auto taken = std::move(events);
        reports_->done(std::move(taken));
        return {};
    }
    result<> flush() override { return {}; }
    result<std::optional<std::vector<progress>>> stored(std::string const& /*identity*/) override {
        return std::optional<std::vector<progress>>{};
    }
    void cancel() override {}
    stage_status status() const override { return {.name = "limited"}; }

  private:
    std::size_t const bytes_max_;
    std::vector<std::string>& kept_;
    completions* reports_ = nullptr;
};

std::vector<std::string> hostile_records() {
    auto repeated = [](std::string_view what, std::size_t bytes) {
        std::string out;
        while (out.size() < bytes) out += what;
        return out;
    };
    return {"",
            "x",
            std::string(180'000, '\0'),
            std::string(600'000, '"'),
            repeated("\xff\xc3\x28", 1U << 20U),
            repeated(R"({"id":"x","stage":"y","reason":"z","record":"w"})", 70'000),
            repeated("\xfeLPD\x01", 70'000),
            std::string(8U << 20U, '\x01')};
}

/// The letters' records by their ids; of a letter in parts, the last complete set.
std::map<event_id, std::string> records_of(std::vector<std::string> const& kept) {
    std::map<event_id, std::string> records;
    for (auto const& each : kept) {
        auto const letter = read_dead_letter_frame(each);
        REQUIRE(letter.has_value());
        CHECK(each.size() <= letter->record.size() + 4'096);
        if (letter->part.index == 0) records[letter->id].clear();
        records[letter->id] += letter->record;
    }
    return records;
}

}  // namespace

TEST_CASE("whichever stage rejects, each event ends as a dead letter of its own bytes, and the flow goes on",
          "[dead_letters]") {
    auto const stage = GENERATE(where::source, where::transform_stage, where::sink_names, where::sink_rejects_whole,
                                where::sink_reports, where::router);
    auto const limit = GENERATE(std::size_t{SIZE_MAX}, std::size_t{1'048'588}, std::size_t{20'000});
    auto const wanted = hostile_records();
    memory_source from;
    std::vector<std::string> taken;
    std::vector<std::string> kept;
    auto const dead =
        make_dead_letters(std::make_unique<limited_letters>(limit, kept), letter_form::frame, std::chrono::minutes{1});
    for (auto const& record : wanted) from.add(0, {record}, stage == where::router ? "stray" : "app.x");
    from.add(0, {std::string{good}}, "app.x");
    from.end();

    std::unique_ptr<sink> to = std::make_unique<picky_sink>(stage, taken);
    if (stage == where::router) {
        std::vector<route> routes;
        routes.push_back({.pattern = "app.**", .to = std::move(to)});
        to = make_router(std::move(routes));
    }
    auto const moving =
        make_pump({.from = stage == where::source ? std::make_unique<picky_source>(from) : borrow<source>(from),
                   .change = stage == where::transform_stage ? std::make_unique<picky_transform>() : nullptr,
                   .to = std::move(to),
                   .dead = dead.get()},
                  {.name = "test", .retry_first = 1ms, .retry_longest = 5ms});
    moving->start();
    REQUIRE(moving->wait_until(std::chrono::steady_clock::now() + std::chrono::minutes{5}));
    CHECK_FALSE(moving->failure());
    CHECK(taken == std::vector<std::string>{std::string{good}});
    CHECK(from.committed().at(0) == wanted.size() + 1);
    auto const records = records_of(kept);
    REQUIRE(records.size() == wanted.size());
    std::size_t number = 0;
    for (auto const& [id, record] : records) CHECK((record == wanted[number++]));
    CHECK(moving->snapshot().book.line() == "in 9 = indexed 1 + already there 0 + dead 8 + in flight 0");
}
