// Offsets that hold no event, on a real broker: transactions, tombstones, compaction, retention. The group's commit,
// the hop's account and the audit each have terms for them.
#include "kafka_support.hpp"

#include "audit/audit.hpp"
#include "commit_metadata.hpp"
#include "kafka_settings.hpp"
#include "rdkafka_handles.hpp"
#include "status/components.hpp"

#include <array>
#include <random>
#include <set>
#include <utility>
#include <vector>

using namespace logpipe;
using namespace logpipe::audit;
using namespace logpipe::kafka;
using namespace logpipe::status;
using namespace logpipe::test;

namespace {

constexpr int wait_ms = 30'000;

void must(rd_kafka_error_t* failure) {
    kafka_failure const owned{failure};
    if (owned) throw std::runtime_error{rd_kafka_error_string(owned.get())};
}
void must(rd_kafka_resp_err_t code) {
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) throw std::runtime_error{rd_kafka_err2str(code)};
}

/// A client with these properties besides the brokers.
client_handle client(own_topic const& topic, rd_kafka_type_t type,
                     std::vector<std::pair<char const*, std::string>> const& properties) {
    auto* const conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "bootstrap.servers", topic.connection.brokers.c_str(), nullptr, 0);
    for (auto const& [name, value] : properties)
        if (rd_kafka_conf_set(conf, name, value.c_str(), nullptr, 0) != RD_KAFKA_CONF_OK)
            throw std::runtime_error{name};
    client_handle made{rd_kafka_new(type, conf, nullptr, 0)};
    if (!made) throw std::runtime_error{"no client"};
    return made;
}

/// Writes numbered events in transactions.
class transactions final {
  public:
    explicit transactions(own_topic const& topic)
        : topic_{topic}, client_{client(topic, RD_KAFKA_PRODUCER, {{"transactional.id", unique_name("id")}})} {
        must(rd_kafka_init_transactions(client_.get(), wait_ms));
    }
    void write(int first, int count) {
        must(rd_kafka_begin_transaction(client_.get()));
        auto const events = numbered_events(first, count);
        for (auto const& row : events.events) {
            auto const key = kafka_key(row.id);
            auto const value = events.record(row);
            must(rd_kafka_producev(client_.get(), RD_KAFKA_V_TOPIC(topic_.name.c_str()),
                                   RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_KEY(key.data(), key.size()),
                                   RD_KAFKA_V_VALUE(const_cast<char*>(value.data()), value.size()), RD_KAFKA_V_END));
        }
        must(rd_kafka_flush(client_.get(), wait_ms));
    }
    void commit() { must(rd_kafka_commit_transaction(client_.get(), wait_ms)); }
    void abort() { must(rd_kafka_abort_transaction(client_.get(), wait_ms)); }

  private:
    own_topic const& topic_;
    client_handle client_;
};

using properties = std::vector<std::pair<char const*, char const*>>;

template <class Ask>
void ask(own_topic const& topic, Ask question) {
    auto const admin = client(topic, RD_KAFKA_PRODUCER, {});
    queue_handle const answers{rd_kafka_queue_new(admin.get())};
    question(admin.get(), answers.get());
    event_handle const answer{rd_kafka_queue_poll(answers.get(), wait_ms)};
    if (!answer) throw std::runtime_error{"no answer"};
    must(rd_kafka_event_error(answer.get()));
}

void make_topic(own_topic const& topic, properties const& wanted = {}) {
    owned<rd_kafka_NewTopic_t, rd_kafka_NewTopic_destroy> const made{
        rd_kafka_NewTopic_new(topic.name.c_str(), topic.partitions, 1, nullptr, 0)};
    for (auto const& [name, value] : wanted) must(rd_kafka_NewTopic_set_config(made.get(), name, value));
    ask(topic, [&](auto* admin, auto* answers) {
        auto* only = made.get();
        rd_kafka_CreateTopics(admin, &only, 1, nullptr, answers);
    });
    if (!comes_true([&] { return topic.admin->partitions(topic.name).has_value(); }))
        throw std::runtime_error{"no topic"};
}

void delete_before(own_topic const& topic, std::int64_t offset) {
    partition_list const list{rd_kafka_topic_partition_list_new(1)};
    rd_kafka_topic_partition_list_add(list.get(), topic.name.c_str(), 0)->offset = offset;
    owned<rd_kafka_DeleteRecords_t, rd_kafka_DeleteRecords_destroy> const wanted{
        rd_kafka_DeleteRecords_new(list.get())};
    ask(topic, [&](auto* admin, auto* answers) {
        auto* only = wanted.get();
        rd_kafka_DeleteRecords(admin, &only, 1, nullptr, answers);
    });
    REQUIRE(topic.admin->partitions(topic.name).value().front().begin == offset);
}

/// The documents that a reader has stored.
class stored_ids final : public audited_endpoint {
  public:
    explicit stored_ids(std::vector<event_id> ids) : ids_{std::move(ids)} {}
    std::string const& name() const override { return name_; }
    endpoint_kind kind() const override { return endpoint_kind::store; }
    result<endpoint_facts> snapshot() override {
        endpoint_facts facts;
        facts.total = facts.visible = ids_.size();
        return facts;
    }
    result<> scan(std::function<result<>(sighting const&)> const& each) override {
        for (auto const id : ids_)
            if (auto taken = each({.id = id}); !taken) return taken;
        return {};
    }

  private:
    std::string const name_ = "store";
    std::vector<event_id> const ids_;
};

/// `verify` and `verify --ids`.
std::array<audit_report, 2> audited(own_topic const& topic, std::vector<event_id> const& ids,
                                    audit_options const& options = {}) {
    auto uncommitted = topic.connection;
    uncommitted.properties.emplace_back("isolation.level", "read_uncommitted");
    auto const shows_all = *make_kafka_admin(uncommitted, std::chrono::seconds{30});
    std::array<audit_report, 2> reports;
    for (std::size_t i = 0; i < 2; ++i) {
        std::vector<std::unique_ptr<audited_endpoint>> places;
        places.push_back(audit_kafka(*topic.admin, [&] { return result<kafka_admin*>{shows_all.get()}; }, topic.name,
                                     {topic.group}));
        places.push_back(std::make_unique<stored_ids>(ids));
        auto report = i == 0 ? audit_by_counts(places, options) : audit_by_ids(places, options);
        REQUIRE(report.has_value());
        reports[i] = *std::move(report);
    }
    return reports;
}

ledger hop_of(own_topic const& topic) {
    auto const report =
        report_of_kafka({.address = topic.connection.brokers,
                         .got = kafka_findings{.cluster = *topic.admin->cluster(),
                                               .hops = {{.topic = topic.name,
                                                         .group = topic.group,
                                                         .partitions = topic.admin->partitions(topic.name),
                                                         .members = topic.admin->group(topic.group, topic.name)}}},
                         .took = std::chrono::milliseconds{1}});
    return report.hops.at(0).book;
}

kafka_group_position position_of(own_topic const& topic) {
    return topic.admin->group(topic.group, topic.name).value().positions.front();
}

/// A reader that has taken all there is, to the partition's end.
struct whole_reading {
    explicit whole_reading(own_topic const& topic, std::size_t events_min)
        : from{make_kafka_source(topic.source_options())}, taken{*from} {
        REQUIRE(from->open());
        REQUIRE(taken.read(events_min));
        auto const end = topic.admin->partitions(topic.name).value().front().end;
        REQUIRE(comes_true([&] {
            REQUIRE(taken.read_some());
            taken.commit_all();
            return position_of(topic).committed == end;
        }));
    }
    std::unique_ptr<source> from;
    taken_events taken;
};

}  // namespace

TEST_CASE("transactions, aborted messages and tombstones have terms of their own, and everything comes out",
          "[kafka]") {
    own_topic const topic;
    make_topic(topic);
    transactions writing{topic};
    writing.write(0, 10);
    writing.commit();
    writing.write(10, 7);
    writing.abort();
    REQUIRE(topic.admin->send(topic.name, {{.key = "gone", .value = std::nullopt}}));
    writing.write(20, 5);
    writing.commit();
    topic.write({numbered_events(30, 1)});
    // Events, aborted ones, a tombstone, and a marker behind each transaction.
    REQUIRE(topic.admin->partitions(topic.name).value().front().end == 10 + 7 + 1 + 5 + 3 + 1);

    whole_reading const reading{topic, 16};
    passed_offsets const passed{.tombstones = 1, .gaps = 10, .expired = 0};
    CHECK(reading.from->passed() == passed);
    CHECK(position_of(topic).counts == event_counts{.in = 16, .indexed = 16});
    CHECK(position_of(topic).passed == passed);
    CHECK(comes_true([&] { return gauge_of(reading.from->status(), "kafka_lag_events") == 0; }));
    auto const hop = hop_of(topic);
    CHECK(hop.difference() == 0);
    CHECK(hop.in_flight == 0);
    CHECK(hop.passed == passed);
    for (auto const& report : audited(topic, reading.taken.ids)) {
        CAPTURE(to_text(report));
        CHECK(all_accounted_for(report));
        CHECK(report.endpoints[0].offsets.aborted == 7);
        CHECK(report.endpoints[0].offsets.unwritten == 3);
        CHECK(report.endpoints[0].offsets.tombstones == 1);
    }
    // And what is missing is missing.
    auto less = reading.taken.ids;
    less.pop_back();
    auto const [by_counts, by_ids] = audited(topic, less);
    CHECK_FALSE(all_accounted_for(by_counts));
    CHECK(by_ids.missing.events == 1);
}

TEST_CASE("a restart takes up what was passed over, and goes on with it", "[kafka]") {
    own_topic const topic;
    make_topic(topic);
    transactions writing{topic};
    for (int i = 0; i < 3; ++i) {
        writing.write(2 * i, 1);
        writing.commit();
        topic.write({numbered_events(2 * i + 1, 1)});
        {
            whole_reading const reading{topic, 2};
        }
        CHECK(position_of(topic).passed == passed_offsets{.gaps = static_cast<std::uint64_t>(i) + 1});
        CHECK(hop_of(topic).difference() == 0);
    }
}

TEST_CASE("what expires before it is read is told and counted, and what expires afterwards is neither", "[kafka]") {
    own_topic const topic;
    topic.write({numbered_events(0, 100)});
    std::vector<event_id> ids;
    {
        whole_reading const reading{topic, 100};
        ids = reading.taken.ids;
    }
    delete_before(topic, 60);
    for (auto const& report : audited(topic, ids)) CHECK(all_accounted_for(report));

    topic.write({numbered_events(100, 50)});
    delete_before(topic, 120);
    // Nobody has read 100 to 119, and nobody will.
    CHECK(hop_of(topic).passed.expired == 20);
    CHECK(hop_of(topic).difference() == 0);
    for (auto const& report : audited(topic, ids)) CHECK(report.expired() == 20);

    whole_reading const reading{topic, 30};
    ids.insert(ids.end(), reading.taken.ids.begin(), reading.taken.ids.end());
    CHECK(position_of(topic).passed == passed_offsets{.expired = 20});
    CHECK(gauge_of(reading.from->status(), "kafka_expired_offsets_total") == 20);
    CHECK(hop_of(topic).difference() == 0);
    for (auto const& report : audited(topic, ids)) {
        CHECK(report.expired() == 20);
        CHECK_FALSE(all_accounted_for(report));
    }
    for (auto const& report : audited(topic, ids, {.accept_expired = true})) {
        CAPTURE(to_text(report));
        CHECK(all_accounted_for(report));
    }
}

TEST_CASE("what compaction took is a gap, whether it was read before or not", "[kafka]") {
    own_topic const topic;
    make_topic(topic, {{"cleanup.policy", "compact"},
                       {"segment.bytes", "1048576"},  // Kafka 4 takes no less
                       {"min.cleanable.dirty.ratio", "0.01"},
                       {"min.compaction.lag.ms", "0"}});
    std::mt19937_64 random{1};
    std::string noise(100'000, '\0');  // a segment holds a few of these, however they are compressed
    std::ranges::generate(noise, [&] { return static_cast<char>(random()); });
    auto const write = [&](int first) {
        for (int i = 0; i < 40; ++i)
            REQUIRE(topic.admin->send(
                topic.name,
                {{.key = kafka_key({.high = 1, .low = static_cast<std::uint64_t>(first + i % 4)}), .value = noise}}));
    };
    auto const messages = [&] {
        std::uint64_t count = 0;
        auto const part = topic.admin->partitions(topic.name).value().front();
        REQUIRE(topic.admin->scan(topic.name, 0, part.begin, part.end, [&](kafka_message const&) -> result<> {
            ++count;
            return {};
        }));
        return count;
    };
    write(1);
    REQUIRE(comes_true([&] { return messages() < 20; }));
    whole_reading const reading{topic, 4};
    auto const left = reading.taken.records.size();
    CHECK(left < 20);
    CHECK(position_of(topic).passed == passed_offsets{.gaps = 40 - left});
    CHECK(hop_of(topic).difference() == 0);
    auto const stored = std::set(reading.taken.ids.begin(), reading.taken.ids.end());
    auto const by_ids = audited(topic, {stored.begin(), stored.end()})[1];
    CAPTURE(to_text(by_ids));
    CHECK(all_accounted_for(by_ids));
    CHECK(by_ids.endpoints[0].offsets.unwritten >= 40 - left);
    CHECK(by_ids.unexplained() == 0);
}

TEST_CASE("offsets that a group was moved past, and that hold messages, stay red", "[kafka]") {
    own_topic const topic;
    topic.write({numbered_events(0, 10)});
    std::vector<event_id> ids;
    {
        whole_reading const reading{topic, 10};
        ids = reading.taken.ids;
    }
    // A commit that says of two of them that they were gaps.
    auto const member = client(topic, RD_KAFKA_CONSUMER, {{"group.id", topic.group}});
    partition_list const list{rd_kafka_topic_partition_list_new(1)};
    auto* const at = rd_kafka_topic_partition_list_add(list.get(), topic.name.c_str(), 0);
    auto const text = to_text({.counted_from = 0, .counts = {.in = 8, .indexed = 8}, .passed = {.gaps = 2}});
    at->offset = 10;
    at->metadata = rd_kafka_mem_malloc(member.get(), text.size());
    at->metadata_size = text.size();
    text.copy(static_cast<char*>(at->metadata), text.size());
    must(rd_kafka_commit(member.get(), list.get(), 0));
    ids.resize(8);
    for (auto const& report : audited(topic, ids)) {
        CHECK(report.unexplained() == 2);
        CHECK_FALSE(all_accounted_for(report));
    }
}
