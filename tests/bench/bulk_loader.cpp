// The raw loader that an indexing pipeline is measured against: bodies are ready before the clock starts, each
// connection posts its share of them one after the other, and the answers are read and not looked into.
//
//     bulk_loader HOST PORT INDEX DOCUMENTS_FILE COUNT [CONNECTIONS [EVENTS_A_BODY [ID_PREFIX]]]
//
// DOCUMENTS_FILE has a JSON document a line; they are repeated until there are COUNT, each with an id of its own, in
// order. Prints documents a second and CPU seconds of itself a million documents.
#include "bare_client.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

using namespace logpipe::bench;

namespace {

/// Reads one answer, with a length, and sees that all went well.
void read_answer(int socket, std::string& buffer) {
    buffer.clear();
    std::size_t whole = 0;
    while (whole == 0 || buffer.size() < whole) {
        auto const before = buffer.size();
        buffer.resize(before + (1U << 16U));
        auto const got = recv(socket, buffer.data() + before, buffer.size() - before, 0);
        if (got <= 0) fail("the connection was cut");
        buffer.resize(before + static_cast<std::size_t>(got));
        auto const head = buffer.find("\r\n\r\n");
        if (whole != 0 || head == std::string::npos) continue;
        auto const length = buffer.find("ontent-length: ");
        auto const length_upper = buffer.find("ontent-Length: ");
        auto const at = std::min(length, length_upper);
        if (at == std::string::npos) fail("an answer without a length: " + buffer);
        whole = head + 4 + std::strtoull(buffer.c_str() + at + 15, nullptr, 10);
    }
    if (buffer.find(R"("errors":false)") == std::string::npos) fail("not all were taken: " + buffer.substr(0, 500));
}

std::string id_of(std::string const& prefix, std::uint64_t number) {
    constexpr std::string_view digits = "0123456789abcdefghijklmnopqrstuv";
    std::string id = prefix;
    id.resize(26, '0');
    for (std::size_t i = 25; i > 12; --i, number >>= 5U) id[i] = digits[number & 31U];
    return id;
}

}  // namespace

int main(int argument_count, char** arguments) {
    if (argument_count < 6) fail("HOST PORT INDEX DOCUMENTS_FILE COUNT [CONNECTIONS [EVENTS_A_BODY [ID_PREFIX]]]");
    std::string const host = arguments[1];
    std::string const port = arguments[2];
    std::string const index = arguments[3];
    auto const count = std::strtoull(arguments[5], nullptr, 10);
    auto const connections = argument_count > 6 ? std::strtoull(arguments[6], nullptr, 10) : 4;
    auto const events = argument_count > 7 ? std::strtoull(arguments[7], nullptr, 10) : 5'000;
    std::string const prefix = argument_count > 8 ? arguments[8] : "l";

    std::vector<std::string> documents;
    std::ifstream file{arguments[4]};
    for (std::string line; std::getline(file, line);) documents.push_back(line);
    if (documents.empty()) fail(std::string{arguments[4]} + " has no documents");
    std::vector<std::string> requests;
    for (std::uint64_t done = 0; done < count;) {
        std::string body;
        for (std::uint64_t i = 0; i < events && done < count; ++i, ++done)
            body +=
                R"({"create":{"_id":")" + id_of(prefix, done) + "\"}}\n" + documents[done % documents.size()] + "\n";
        requests.push_back("POST /" + index +
                           "/_bulk?filter_path=errors,items.*.status,items.*.error.type,items.*.error.reason,"
                           "items.*.error.**.reason HTTP/1.1\r\n"
                           "Host: " +
                           host + "\r\nContent-Type: application/x-ndjson\r\nContent-Length: " +
                           std::to_string(body.size()) + "\r\n\r\n" + body);
    }

    auto const cpu = cpu_seconds();
    auto const began = std::chrono::steady_clock::now();
    {
        std::vector<std::jthread> senders;
        for (std::uint64_t sender = 0; sender < connections; ++sender)
            senders.emplace_back([&, sender] {
                int const to = connect_to(host, port);
                std::string answer;
                for (auto i = sender; i < requests.size(); i += connections) {
                    send_all(to, requests[i]);
                    read_answer(to, answer);
                }
                close(to);
            });
    }
    auto const wall = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    auto const documents_sent = static_cast<double>(count);
    std::printf("%.0f documents/s, %.3f CPU-s a million\n", documents_sent / wall,
                (cpu_seconds() - cpu) * 1e6 / documents_sent);
}
