// librdkafka with nothing around it: what reading or writing a topic costs at least. The reference of the paths.
//
//     kafka_probe consume BROKERS TOPIC COUNT          reads COUNT messages in batches and touches nothing
//     kafka_probe produce BROKERS TOPIC COUNT FILE     sends the file's lines, repeated, until there are COUNT
//
// Prints messages a second (from the first one on) and CPU seconds a million messages. The same settings as logpipe's
// ends: idempotent, acks=all, lz4, linger 25 ms, one batch ahead; batches of the consumer's queue.
#include <librdkafka/rdkafka.h>
#include <sys/resource.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

[[noreturn]] void fail(std::string const& why) {
    std::fprintf(stderr, "kafka_probe: %s\n", why.c_str());
    std::exit(1);
}

rd_kafka_t* make(rd_kafka_type_t type, std::vector<std::pair<char const*, char const*>> const& properties) {
    auto* conf = rd_kafka_conf_new();
    std::array<char, 512> why{};
    for (auto const& [key, value] : properties)
        if (rd_kafka_conf_set(conf, key, value, why.data(), why.size()) != RD_KAFKA_CONF_OK) fail(why.data());
    if (type == RD_KAFKA_PRODUCER)
        rd_kafka_conf_set_dr_msg_cb(conf, [](rd_kafka_t*, rd_kafka_message_t const* message, void*) {
            if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) fail(rd_kafka_err2str(message->err));
        });
    auto* made = rd_kafka_new(type, conf, why.data(), why.size());
    if (made == nullptr) fail(why.data());
    return made;
}

double cpu_seconds() {
    rusage used{};
    getrusage(RUSAGE_SELF, &used);
    return static_cast<double>(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           static_cast<double>(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

using clock_time = std::chrono::steady_clock::time_point;

/// @return when the first message was there.
clock_time consume(char const* brokers, char const* topic, std::uint64_t count) {
    auto* client = make(RD_KAFKA_CONSUMER, {{"bootstrap.servers", brokers},
                                            {"group.id", "kafka-probe"},
                                            {"enable.auto.commit", "false"},
                                            {"auto.offset.reset", "earliest"},
                                            {"queued.max.messages.kbytes", "262144"},  // so that it never waits
                                            {"queued.min.messages", "10000000"},
                                            {"fetch.message.max.bytes", "4194304"}});
    rd_kafka_poll_set_consumer(client);
    auto* topics = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(topics, topic, RD_KAFKA_PARTITION_UA);
    rd_kafka_subscribe(client, topics);
    auto* queue = rd_kafka_queue_get_consumer(client);
    std::vector<rd_kafka_message_t*> messages(8192);
    clock_time first;
    for (std::uint64_t got = 0; got < count;) {
        auto const several = rd_kafka_consume_batch_queue(queue, 100, messages.data(), messages.size());
        if (got == 0) first = std::chrono::steady_clock::now();
        for (ssize_t i = 0; i < several; ++i) {
            if (messages[static_cast<std::size_t>(i)]->err == RD_KAFKA_RESP_ERR_NO_ERROR) ++got;
            rd_kafka_message_destroy(messages[static_cast<std::size_t>(i)]);
        }
    }
    rd_kafka_queue_destroy(queue);
    rd_kafka_consumer_close(client);
    rd_kafka_topic_partition_list_destroy(topics);
    rd_kafka_destroy(client);
    return first;
}

void produce(char const* brokers, char const* topic, std::uint64_t count, char const* path) {
    std::vector<std::string> lines;
    std::ifstream file{path};
    for (std::string line; std::getline(file, line);) lines.push_back(line);
    if (lines.empty()) fail(std::string{path} + " has no lines");
    auto* client = make(RD_KAFKA_PRODUCER, {{"bootstrap.servers", brokers},
                                            {"enable.idempotence", "true"},
                                            {"compression.codec", "lz4"},
                                            {"linger.ms", "25"},
                                            {"queue.buffering.max.kbytes", "2048"},
                                            {"queue.buffering.max.messages", "1000000"}});
    auto* to = rd_kafka_topic_new(client, topic, nullptr);
    std::atomic<bool> done = false;
    std::jthread reports{[&] {
        while (!done) rd_kafka_poll(client, 100);
    }};
    std::string key = "lp1.00000000000000000000000000";
    for (std::uint64_t i = 0; i < count; ++i) {
        auto const& line = lines[i % lines.size()];
        // The last character holds three bits of an id and two that are zero.
        for (std::uint64_t place = 29, left = i << 2U; place > 16; --place, left >>= 5U)
            key[place] = "0123456789abcdefghijklmnopqrstuv"[left & 31U];
        while (rd_kafka_producev(client, RD_KAFKA_V_RKT(to), RD_KAFKA_V_PARTITION(0),
                                 RD_KAFKA_V_VALUE(const_cast<char*>(line.data()), line.size()),
                                 RD_KAFKA_V_KEY(key.data(), key.size()), RD_KAFKA_V_MSGFLAGS(0),
                                 RD_KAFKA_V_END) == RD_KAFKA_RESP_ERR__QUEUE_FULL)
            std::this_thread::sleep_for(std::chrono::milliseconds{1});
    }
    rd_kafka_flush(client, 60'000);
    done = true;
    reports.join();
    rd_kafka_topic_destroy(to);
    rd_kafka_destroy(client);
}

}  // namespace

int main(int argument_count, char** arguments) {
    if (argument_count < 5) fail("consume|produce BROKERS TOPIC COUNT [FILE]");
    std::string const what = arguments[1];
    auto const count = std::strtoull(arguments[4], nullptr, 10);
    auto began = std::chrono::steady_clock::now();
    auto const cpu = cpu_seconds();
    if (what == "consume") {
        began = consume(arguments[2], arguments[3], count);
    } else if (what == "produce" && argument_count > 5) {
        produce(arguments[2], arguments[3], count, arguments[5]);
    } else {
        fail("consume|produce BROKERS TOPIC COUNT [FILE]");
    }
    auto const wall = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    std::printf("%.0f messages/s, %.3f CPU-s a million\n", static_cast<double>(count) / wall,
                (cpu_seconds() - cpu) * 1e6 / static_cast<double>(count));
}
