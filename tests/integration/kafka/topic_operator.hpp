// What an operator, or somebody else's client, does to a topic while we read it or between two runs.
#pragma once

#include "kafka_support.hpp"
#include "rdkafka_handles.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace logpipe::test {

using namespace kafka;

class topic_operator final {
  public:
    explicit topic_operator(own_topic const& topic) : topic_{topic}, client_{client_of(topic, {})} {}

    void create(std::int32_t partitions, std::vector<std::pair<std::string, std::string>> const& properties = {}) {
        std::array<char, 256> words{};
        owned<rd_kafka_NewTopic_t, rd_kafka_NewTopic_destroy> const wanted{
            rd_kafka_NewTopic_new(topic_.name.c_str(), partitions, 1, words.data(), words.size())};
        for (auto const& [name, value] : properties)
            rd_kafka_NewTopic_set_config(wanted.get(), name.c_str(), value.c_str());
        auto* only = wanted.get();
        if (!done(RD_KAFKA_ADMIN_OP_CREATETOPICS,
                  [&](auto* options, auto* queue) { rd_kafka_CreateTopics(client_.get(), &only, 1, options, queue); }))
            throw std::runtime_error{"the topic was not created"};
        if (!comes_true([&] { return has_leaders(static_cast<std::size_t>(partitions)); }))
            throw std::runtime_error{"the topic got no leader"};
    }
    /// Returns when no broker knows it any more.
    void remove() {
        owned<rd_kafka_DeleteTopic_t, rd_kafka_DeleteTopic_destroy> const unwanted{
            rd_kafka_DeleteTopic_new(topic_.name.c_str())};
        auto* only = unwanted.get();
        if (!done(RD_KAFKA_ADMIN_OP_DELETETOPICS,
                  [&](auto* options, auto* queue) { rd_kafka_DeleteTopics(client_.get(), &only, 1, options, queue); }))
            throw std::runtime_error{"the topic was not deleted"};
        if (!comes_true([&] { return !topic_.admin->partitions(topic_.name); }))
            throw std::runtime_error{"the topic is still there"};
    }
    /// So that it has `count` in all.
    void add_partitions(std::size_t count) {
        std::array<char, 256> words{};
        owned<rd_kafka_NewPartitions_t, rd_kafka_NewPartitions_destroy> const wanted{
            rd_kafka_NewPartitions_new(topic_.name.c_str(), count, words.data(), words.size())};
        auto* only = wanted.get();
        if (!done(RD_KAFKA_ADMIN_OP_CREATEPARTITIONS, [&](auto* options, auto* queue) {
                rd_kafka_CreatePartitions(client_.get(), &only, 1, options, queue);
            }))
            throw std::runtime_error{"no partitions were added"};
        if (!comes_true([&] { return has_leaders(count); })) throw std::runtime_error{"they got no leaders"};
    }

  private:
    friend class transactional_writer;

    static client_handle client_of(own_topic const& topic,
                                   std::vector<std::pair<std::string, std::string>> const& properties) {
        auto* const conf = rd_kafka_conf_new();
        std::array<char, 256> words{};
        rd_kafka_conf_set(conf, "bootstrap.servers", topic.connection.brokers.c_str(), words.data(), words.size());
        rd_kafka_conf_set(conf, "log_level", "3", words.data(), words.size());
        for (auto const& [name, value] : properties)
            if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), words.data(), words.size()) != RD_KAFKA_CONF_OK)
                throw std::runtime_error{words.data()};
        client_handle made{rd_kafka_new(RD_KAFKA_PRODUCER, conf, words.data(), words.size())};
        if (!made) throw std::runtime_error{words.data()};
        return made;
    }
    /// Brokers learn of partitions one after the other.
    [[nodiscard]] bool has_leaders(std::size_t count) const {
        auto const known = topic_.admin->partitions(topic_.name);
        return known && known->size() == count &&
               std::ranges::all_of(*known, [](auto const& each) { return each.leader >= 0; });
    }
    template <class Start>
    [[nodiscard]] bool done(rd_kafka_admin_op_t what, Start start) {
        admin_options_handle const options{rd_kafka_AdminOptions_new(client_.get(), what)};
        queue_handle const queue{rd_kafka_queue_new(client_.get())};
        start(options.get(), queue.get());
        event_handle const answer{rd_kafka_queue_poll(queue.get(), 60'000)};
        if (!answer || rd_kafka_event_error(answer.get()) != RD_KAFKA_RESP_ERR_NO_ERROR) return false;
        std::size_t count = 0;
        rd_kafka_topic_result_t const** results = nullptr;
        if (what == RD_KAFKA_ADMIN_OP_CREATETOPICS)
            results = rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(answer.get()), &count);
        if (what == RD_KAFKA_ADMIN_OP_DELETETOPICS)
            results = rd_kafka_DeleteTopics_result_topics(rd_kafka_event_DeleteTopics_result(answer.get()), &count);
        if (what == RD_KAFKA_ADMIN_OP_CREATEPARTITIONS)
            results =
                rd_kafka_CreatePartitions_result_topics(rd_kafka_event_CreatePartitions_result(answer.get()), &count);
        return count == 1 && rd_kafka_topic_result_error(results[0]) == RD_KAFKA_RESP_ERR_NO_ERROR;
    }

    own_topic const& topic_;
    client_handle client_;
};

/// Somebody else's producer, with transactions.
class transactional_writer final {
  public:
    explicit transactional_writer(own_topic const& topic)
        : topic_{topic.name},
          client_{topic_operator::client_of(topic, {{"transactional.id", topic.name}, {"acks", "all"}})} {
        check(rd_kafka_init_transactions(client_.get(), 60'000));
    }
    void begin() { check(rd_kafka_begin_transaction(client_.get())); }
    /// Sends and waits until the broker has it.
    void write(std::int32_t partition, std::string_view value) {
        std::string text{value};
        rd_kafka_producev(client_.get(), RD_KAFKA_V_TOPIC(topic_.c_str()), RD_KAFKA_V_PARTITION(partition),
                          RD_KAFKA_V_VALUE(text.data(), text.size()), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                          RD_KAFKA_V_END);
        if (rd_kafka_flush(client_.get(), 60'000) != RD_KAFKA_RESP_ERR_NO_ERROR)
            throw std::runtime_error{"what was written did not become safe"};
    }
    void commit() { check(rd_kafka_commit_transaction(client_.get(), 60'000)); }
    void abort() { check(rd_kafka_abort_transaction(client_.get(), 60'000)); }

  private:
    static void check(rd_kafka_error_t* failed) {
        kafka_failure const failure{failed};
        if (failure) throw std::runtime_error{rd_kafka_error_string(failure.get())};
    }

    std::string topic_;
    client_handle client_;
};

}  // namespace logpipe::test
