#include "audit/letters.hpp"
#include "cluster_client.hpp"
#include "kafka/kafka_letter.hpp"
#include "kafka_support.hpp"
#include "runtime/dead_letters.hpp"

#include <algorithm>
#include <random>

using namespace logpipe;
using namespace logpipe::audit;
using namespace logpipe::kafka;
using namespace logpipe::runtime;
using namespace logpipe::test;

namespace {

constexpr std::int64_t noon_ns = 1'769'860'800'123'456'789;

/// A topic of letters, and the one that they came from.
struct own_letters {
    own_letters() = default;
    void make(std::string const& name, std::vector<std::pair<std::string, std::string>> properties) const {
        std::atomic<bool> const cancelled = false;
        auto const client =
            cluster_client::connect(input.connection, "test", std::chrono::seconds{60}, &cancelled).value();
        auto const made = client->create_topic({.name = name, .properties = std::move(properties)});
        if (!made) throw std::runtime_error{made.error().message};
    }
    [[nodiscard]] std::string property(std::string const& name) const {
        std::atomic<bool> const cancelled = false;
        auto const client =
            cluster_client::connect(input.connection, "test", std::chrono::seconds{60}, &cancelled).value();
        auto const partitions = client->partitions(topic).value();
        return client->topic_property(topic, name, partitions.front().leader).value();
    }
    [[nodiscard]] std::unique_ptr<dead_letters> writer() const {
        return make_dead_letters(make_kafka_sink({.connection = input.connection, .topic = topic, .letters = true}),
                                 letter_form::frame, wait_max);
    }
    [[nodiscard]] std::unique_ptr<letter_topic> reader() const { return make_kafka_letters(*input.admin, topic); }
    /// Messages of the topic that are not tombstones.
    [[nodiscard]] std::size_t messages() const {
        std::size_t count = 0;
        auto const part = input.admin->partitions(topic).value().front();
        auto const scanned =
            input.admin->scan(topic, 0, part.begin, part.end, [&](kafka_message const& message) -> result<> {
                count += message.value ? 1U : 0U;
                return {};
            });
        REQUIRE(scanned);
        return count;
    }

    own_topic input;
    std::string topic = input.name + ".dlq";
};

/// Nothing compresses it.
std::string noise(std::size_t bytes) {
    std::mt19937_64 random{bytes};
    std::string out(bytes, '\0');
    std::ranges::generate(out, [&] { return static_cast<char>(random()); });
    return out;
}

std::vector<dead_letter> letters_with(std::vector<std::string> records) {
    std::vector<dead_letter> letters;
    for (auto& record : records)
        letters.push_back({.id = event_id{.high = 9, .low = 1}.at(static_cast<std::uint32_t>(letters.size() + 1)),
                           .stage = "normalize",
                           .reason = "bad",
                           .origin = "kafka in 0 offset 7",
                           .tag = "app.x",
                           .time_ns = noon_ns,
                           .event_time_ns = noon_ns - 2,
                           .received_ns = noon_ns - 1,
                           .record = std::move(record)});
    return letters;
}

letter_selection const everything{.ids = {}, .reason = {}, .all = true};

void check_shown(own_letters const& all, std::vector<dead_letter> const& wanted) {
    std::size_t count = 0;
    REQUIRE(show_letters(*all.reader(), everything, [&](found_letter const& found) -> result<> {
        auto const same = std::ranges::find(wanted, found.letter.id, &dead_letter::id);
        REQUIRE(same != wanted.end());
        REQUIRE(found.missing.empty());
        REQUIRE((found.letter.record == same->record));
        REQUIRE((found.letter.tag == same->tag && found.letter.event_time_ns == same->event_time_ns));
        REQUIRE((found.letter.received_ns == same->received_ns && found.letter.time_ns == same->time_ns));
        ++count;
        return {};
    }));
    REQUIRE(count == wanted.size());
}

/// What came back to the input is what was rejected.
void check_retried(own_letters const& all, std::vector<dead_letter> const& wanted) {
    auto const report =
        retry_letters(*all.reader(), everything, make_kafka_input(*all.input.admin, all.input.name), false);
    if (!report) FAIL(report.error().message);
    REQUIRE((report->letters == wanted.size() && report->incomplete.empty()));
    std::size_t count = 0;
    auto const part = all.input.admin->partitions(all.input.name).value().front();
    REQUIRE(
        all.input.admin->scan(all.input.name, 0, part.begin, part.end, [&](kafka_message const& message) -> result<> {
            auto const same = std::ranges::find(wanted, message.id, &dead_letter::id);
            REQUIRE(same != wanted.end());
            REQUIRE((message.value == same->record));
            ++count;
            return {};
        }));
    REQUIRE(count == wanted.size());
    REQUIRE(list_letters(*all.reader(), 0, [](letter_summary const&) {}).value().letters == 0);
}

}  // namespace

TEST_CASE("a topic of dead letters that we make fits the longest line, is compacted, and keeps dead letters",
          "[kafka]") {
    own_letters const all;
    all.make(all.input.name, {{"max.message.bytes", "20000000"}});
    auto const letters = letters_with({"x", "", std::string(180'000, '\0'), std::string(600'000, '"'),
                                       std::string(1'048'576, '\x01'), noise(1'048'576), noise(8U << 20U)});
    REQUIRE(all.writer()->put(letters));
    REQUIRE(all.property("cleanup.policy") == "compact,delete");
    REQUIRE(all.property("retention.ms") == "-1");
    REQUIRE(all.property("max.message.bytes") == std::to_string((8U << 20U) + (64U << 10U)));
    REQUIRE(all.messages() == letters.size());  // none in parts
    check_shown(all, letters);
    check_retried(all, letters);
}

TEST_CASE("a topic of dead letters with the broker's limits takes larger ones in parts", "[kafka]") {
    own_letters const all;
    all.make(all.input.name, {{"max.message.bytes", "20000000"}});
    all.make(all.topic, {{"cleanup.policy", "compact"}});
    // The second fits an event's topic of the same limit just so; with its headers it is larger.
    auto const letters = letters_with({"x", noise(1'048'400), std::string(600'000, '"'), noise(3'000'001), "y"});
    auto const writer = all.writer();
    REQUIRE(writer->put(letters));
    REQUIRE(all.messages() > letters.size() + 3);
    check_shown(all, letters);
    // Rejected once more, a newer letter takes the place of the elder.
    auto again = letters;
    for (auto& each : again) each.time_ns += 1'000'000'000;
    REQUIRE(writer->put(again));
    check_shown(all, again);
    check_retried(all, again);
}

TEST_CASE("a topic of dead letters with a small limit takes them in small parts", "[kafka]") {
    own_letters const all;
    all.make(all.input.name, {});
    all.make(all.topic, {{"cleanup.policy", "compact"}, {"max.message.bytes", "20000"}});
    auto const letters = letters_with({noise(200'000), "x"});
    REQUIRE(all.writer()->put(letters));
    check_shown(all, letters);
    check_retried(all, letters);
}

TEST_CASE("an original that its topic does not take is named with what to do, and stays a dead letter", "[kafka]") {
    own_letters const all;
    all.make(all.input.name, {});
    auto letters = letters_with({noise(3'000'000), "x"});
    REQUIRE(all.writer()->put(letters));
    auto const report =
        retry_letters(*all.reader(), everything, make_kafka_input(*all.input.admin, all.input.name), false);
    REQUIRE(report.has_value());
    REQUIRE(report->letters == 1);  // the other one goes
    REQUIRE(report->rejected.size() == 1);
    REQUIRE(report->rejected.front().first == letters.front().id);
    REQUIRE(report->rejected.front().second.contains("max.message.bytes"));
    letters.pop_back();
    check_shown(all, letters);
}
