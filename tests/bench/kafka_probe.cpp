// librdkafka with nothing around it: what reading or writing a topic costs at least. The reference of the paths.
//
//     kafka_probe consume BROKERS TOPIC COUNT [FORM]        reads COUNT messages in batches, and what the form carries
//     kafka_probe produce BROKERS TOPIC COUNT FILE [FORM]   sends the file's lines, repeated, until there are COUNT
//
// FORM is how the id, both times and the tag travel: `id` (the key is the id alone, the default), `key` (all in the
// key), `header` (the id in the key, the rest in one header), `headers` (the rest in three).
//
// Prints messages a second (from the first one on) and CPU seconds a million messages. The same settings as logpipe's
// ends: idempotent, acks=all, lz4, linger 25 ms, one batch ahead; batches of the consumer's queue.
#include "bare_client.hpp"

#include <librdkafka/rdkafka.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

using namespace logpipe::bench;

namespace {

rd_kafka_t* make(rd_kafka_type_t type, std::vector<std::pair<char const*, char const*>> const& properties) {
    auto* conf = rd_kafka_conf_new();
    std::array<char, 512> reason{};
    for (auto const& [key, value] : properties)
        if (rd_kafka_conf_set(conf, key, value, reason.data(), reason.size()) != RD_KAFKA_CONF_OK) fail(reason.data());
    if (type == RD_KAFKA_PRODUCER)
        rd_kafka_conf_set_dr_msg_cb(conf, [](rd_kafka_t*, rd_kafka_message_t const* message, void*) {
            if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) fail(rd_kafka_err2str(message->err));
        });
    auto* made = rd_kafka_new(type, conf, reason.data(), reason.size());
    if (made == nullptr) fail(reason.data());
    return made;
}

using clock_time = std::chrono::steady_clock::time_point;

constexpr std::string_view digits = "0123456789abcdefghijklmnopqrstuv";
constexpr std::string_view tag = "nginx.access";
constexpr std::size_t id_bytes = 30;
constexpr std::size_t time_bytes = 13;
constexpr std::uint64_t events_a_chunk = 1000;

enum class form { id, key, header, headers };

form form_of(std::string const& name) {
    for (auto const& [text, value] :
         {std::pair{"id", form::id}, {"key", form::key}, {"header", form::header}, {"headers", form::headers}})
        if (name == text) return value;
    fail("no form " + name);
}

void write_time(char* out, std::uint64_t time_ns) {
    for (std::size_t i = time_bytes; i > 0; --i, time_ns >>= 5U) out[i - 1] = digits[time_ns & 31U];
}

std::uint64_t read_time(char const* text) {
    std::uint64_t time_ns = 0;
    for (std::size_t i = 0; i < time_bytes; ++i) {
        auto const c = static_cast<unsigned char>(text[i]);
        time_ns = time_ns << 5U | (c <= '9' ? c - '0' : c - 'a' + 10U);
    }
    return time_ns;
}

/// @return something of all that it carries, so that nothing is left out.
std::uint64_t read(rd_kafka_message_t const* message, form how) {
    auto const* const key = static_cast<char const*>(message->key);
    if (how == form::id) return 0;
    if (how == form::key) return read_time(key + id_bytes) + read_time(key + id_bytes + time_bytes);
    rd_kafka_headers_t* headers = nullptr;
    if (rd_kafka_message_headers(message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) fail("a message without headers");
    auto const header = [&](char const* name) {
        void const* value = nullptr;
        std::size_t bytes = 0;
        if (rd_kafka_header_get_last(headers, name, &value, &bytes) != RD_KAFKA_RESP_ERR_NO_ERROR) fail(name);
        return static_cast<char const*>(value);
    };
    if (how == form::headers)
        return read_time(header("lp-received")) + read_time(header("lp-time")) +
               static_cast<unsigned char>(*header("lp-tag"));
    auto const* const facts = header("lp");
    return read_time(facts) + read_time(facts + time_bytes);
}

/// @return when the first message was there.
clock_time consume(char const* brokers, char const* topic, std::uint64_t count, form how) {
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
    std::uint64_t sum = 0;
    for (std::uint64_t got = 0; got < count;) {
        auto const several = rd_kafka_consume_batch_queue(queue, 100, messages.data(), messages.size());
        if (got == 0) first = std::chrono::steady_clock::now();
        for (ssize_t i = 0; i < several; ++i) {
            if (messages[static_cast<std::size_t>(i)]->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
                ++got;
                sum += read(messages[static_cast<std::size_t>(i)], how);
            }
            rd_kafka_message_destroy(messages[static_cast<std::size_t>(i)]);
        }
    }
    rd_kafka_queue_destroy(queue);
    rd_kafka_consumer_close(client);
    rd_kafka_topic_partition_list_destroy(topics);
    rd_kafka_destroy(client);
    if (sum == 1) std::puts("a sum");  // or it would not be made
    return first;
}

void produce(char const* brokers, char const* topic, std::uint64_t count, char const* path, form how) {
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
    std::string facts(2 * time_bytes, '0');  // received, time, tag
    facts += tag;
    std::string key = "lp1.00000000000000000000000000";
    if (how == form::key) key += facts;
    auto& times = how == form::key ? key : facts;
    std::size_t const times_at = how == form::key ? id_bytes : 0;
    std::uint64_t received_ns = 1'769'823'099'995'470'770;
    for (std::uint64_t i = 0; i < count; ++i) {
        auto const& line = lines[i % lines.size()];
        // The last character holds three bits of an id and two that are zero.
        for (std::uint64_t place = 29, left = i << 2U; place > 16; --place, left >>= 5U)
            key[place] = digits[left & 31U];
        if (how != form::id) {
            if (i % events_a_chunk == 0) write_time(&times[times_at], received_ns += 1'234'567);
            write_time(&times[times_at + time_bytes], received_ns - 40'000'000 + i % events_a_chunk * 41'357);
        }
        std::array<rd_kafka_vu_t, 8> parts;
        std::size_t part_count = 0;
        auto const part = [&](rd_kafka_vtype_t type) -> rd_kafka_vu_t& {
            parts[part_count].vtype = type;
            return parts[part_count++];
        };
        auto const header = [&](char const* name, std::size_t begin, std::size_t bytes) {
            part(RD_KAFKA_VTYPE_HEADER).u.header = {
                .name = name, .val = facts.data() + begin, .size = static_cast<ssize_t>(bytes)};
        };
        part(RD_KAFKA_VTYPE_RKT).u.rkt = to;
        part(RD_KAFKA_VTYPE_PARTITION).u.i32 = 0;
        part(RD_KAFKA_VTYPE_VALUE).u.mem = {.ptr = const_cast<char*>(line.data()), .size = line.size()};
        part(RD_KAFKA_VTYPE_KEY).u.mem = {.ptr = key.data(), .size = key.size()};
        if (how == form::header) header("lp", 0, facts.size());
        if (how == form::headers) {
            header("lp-received", 0, time_bytes);
            header("lp-time", time_bytes, time_bytes);
            header("lp-tag", 2 * time_bytes, tag.size());
        }
        while (auto* failure = rd_kafka_produceva(client, parts.data(), part_count)) {
            if (rd_kafka_error_code(failure) != RD_KAFKA_RESP_ERR__QUEUE_FULL) fail(rd_kafka_error_string(failure));
            rd_kafka_error_destroy(failure);
            std::this_thread::sleep_for(std::chrono::milliseconds{1});
        }
    }
    rd_kafka_flush(client, 60'000);
    done = true;
    reports.join();
    rd_kafka_topic_destroy(to);
    rd_kafka_destroy(client);
}

}  // namespace

int main(int argument_count, char** arguments) {
    if (argument_count < 5) fail("consume|produce BROKERS TOPIC COUNT [FILE] [FORM]");
    std::string const what = arguments[1];
    auto const count = std::strtoull(arguments[4], nullptr, 10);
    auto began = std::chrono::steady_clock::now();
    auto const cpu = cpu_seconds();
    if (what == "consume") {
        began = consume(arguments[2], arguments[3], count, form_of(argument_count > 5 ? arguments[5] : "id"));
    } else if (what == "produce" && argument_count > 5) {
        produce(arguments[2], arguments[3], count, arguments[5], form_of(argument_count > 6 ? arguments[6] : "id"));
    } else {
        fail("consume|produce BROKERS TOPIC COUNT [FILE] [FORM]");
    }
    auto const wall = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    std::printf("%.0f messages/s, %.3f CPU-s a million\n", static_cast<double>(count) / wall,
                (cpu_seconds() - cpu) * 1e6 / static_cast<double>(count));
}
