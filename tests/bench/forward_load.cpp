// A client of the forward protocol that costs next to nothing: messages are ready before the clock starts, and each
// connection waits for the ack of one before it sends the next, as Fluentd and Fluent Bit do.
//
//     forward_load HOST:PORT CONNECTIONS EVENTS_A_CHUNK COUNT
//
// Sends COUNT events (rounded up to whole chunks) and prints acknowledged events a second and CPU seconds of itself a
// million events. Every chunk has an id of its own.
#include "bare_client.hpp"
#include "chunk_encoder.hpp"
#include "lines.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

using namespace logpipe::bench;

namespace {

constexpr std::string_view id_place = "00000000000000000000000000";

/// {"ack": id} in the form that the id came in.
void await_ack(int socket, std::string_view id) {
    std::string got;
    while (!got.ends_with(id)) {
        char buffer[256];
        auto const bytes = recv(socket, buffer, sizeof buffer, 0);
        if (bytes <= 0) fail("the connection was cut before the ack");
        got.append(buffer, static_cast<std::size_t>(bytes));
        if (got.size() > sizeof buffer) fail("not the ack that was waited for");
    }
}

void write_id(char* out, std::uint64_t run, std::uint64_t number) {
    constexpr std::string_view digits = "0123456789abcdefghijklmnopqrstuv";
    for (std::size_t i = 13; i > 0; --i, run >>= 5U) out[i - 1] = digits[run & 31U];
    for (std::size_t i = 26; i > 13; --i, number >>= 5U) out[i - 1] = digits[number & 31U];
}

}  // namespace

int main(int argument_count, char** arguments) {
    if (argument_count != 5) fail("HOST:PORT CONNECTIONS EVENTS_A_CHUNK COUNT");
    std::string const address = arguments[1];
    auto const colon = address.rfind(':');
    if (colon == std::string::npos) fail("HOST:PORT, not " + address);
    auto const connections = std::strtoull(arguments[2], nullptr, 10);
    auto const events = static_cast<std::uint32_t>(std::strtoul(arguments[3], nullptr, 10));
    auto const chunks = (std::strtoull(arguments[4], nullptr, 10) + events - 1) / events;

    auto const lines = logpipe::bench::nginx_batch(events);
    auto const message = logpipe::forward::encode_chunk(lines, 0, lines.events.size(), id_place, {});
    auto const id_at = message.rfind(id_place);
    auto const run = (std::uint64_t{std::random_device{}()} << 32U) | std::random_device{}();

    std::atomic<std::uint64_t> next = 0;
    auto const began = std::chrono::steady_clock::now();
    auto const cpu = cpu_seconds();
    {
        std::vector<std::jthread> clients;
        for (std::uint64_t i = 0; i < connections; ++i)
            clients.emplace_back([&] {
                auto mine = message;
                int const socket = connect_to(address.substr(0, colon), address.substr(colon + 1));
                for (std::uint64_t number = next++; number < chunks; number = next++) {
                    write_id(mine.data() + id_at, run, number);
                    send_all(socket, mine);
                    await_ack(socket, std::string_view{mine}.substr(id_at, id_place.size()));
                }
                close(socket);
            });
    }
    auto const wall = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    auto const sent = static_cast<double>(chunks * events);
    std::printf("%.0f messages/s, %.3f CPU-s a million\n", sent / wall, (cpu_seconds() - cpu) * 1e6 / sent);
}
