// Clients that connect and keep the forward source waiting, beside one that sends.
#include "support/catch.hpp"
#include "support/forward_ends.hpp"
#include "support/looking.hpp"
#include "support/raw_client.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>
#include <deque>

using namespace logpipe;
using namespace logpipe::forward;
using namespace logpipe::test;

namespace {

/// No descriptor is left to the process while it lives.
class no_descriptors final {
  public:
    no_descriptors() {
        REQUIRE(getrlimit(RLIMIT_NOFILE, &before_) == 0);
        auto const next = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
        REQUIRE(next >= 0);
        ::close(next);
        set({.rlim_cur = static_cast<rlim_t>(next), .rlim_max = before_.rlim_max});
    }
    no_descriptors(no_descriptors const&) = delete;
    no_descriptors& operator=(no_descriptors const&) = delete;
    ~no_descriptors() { set(before_); }

  private:
    static void set(rlimit const& limit) { setrlimit(RLIMIT_NOFILE, &limit); }
    rlimit before_{};
};

void send_and_read(raw_client& client, source& from, int n) {
    client.send(single_message("t", n));
    auto const batches = read_events(from, 1);
    REQUIRE(batches[0].record(batches[0].events[0]) == "{\"n\":" + std::to_string(n) + "}");
}

double counted(source const& from, std::string_view name) {
    return gauge_of(from.status(), name);
}

}  // namespace

TEST_CASE("silent connections, however many, lock out no client that sends", "[silent_clients]") {
    auto const source = listening({.connections_max = 50});
    std::deque<raw_client> silent;
    for (int i = 0; i < 200; ++i) silent.emplace_back(source->port());
    silent.emplace_back(source->port()).send("\xc0");                               // a heartbeat is not a message
    silent.emplace_back(source->port()).send(single_message("t", 1).substr(0, 5));  // nor is half of one
    for (int i = 0; i < 50; ++i) silent.emplace_back(source->port());
    raw_client good{source->port()};
    send_and_read(good, *source, 7);
    CHECK(silent.front().is_closed_by_peer());
    CHECK(counted(*source, "connections_evicted_total") >= 200);
    CHECK(source->status().up);
    // From here on it is safe, however many come.
    for (int i = 0; i < 200; ++i) silent.emplace_back(source->port());
    REQUIRE(comes_true([&] { return counted(*source, "connections_total") >= 452; }));
    send_and_read(good, *source, 8);
}

TEST_CASE("clients that have sent keep their slots, and that all are taken while others wait is shown",
          "[silent_clients]") {
    auto const source = listening({.connections_max = 2});
    std::deque<raw_client> good;
    for (int i = 0; i < 2; ++i) send_and_read(good.emplace_back(source->port()), *source, i);
    CHECK(source->status().up);  // nobody waits
    raw_client late{source->port()};
    late.send(single_message("t", 9));
    REQUIRE(comes_true([&] { return !source->status().up; }));
    CHECK_THAT(source->status().reason, ContainsSubstring("all 2 connections (--connections-max) are taken"));
    send_and_read(good.back(), *source, 5);
    good.pop_front();
    auto const batches = read_events(*source, 1);
    CHECK(batches[0].record(batches[0].events[0]) == R"({"n":9})");
    CHECK(comes_true([&] { return source->status().up; }));
    CHECK(counted(*source, "connections_evicted_total") == 0);
}

TEST_CASE("a message that has begun and does not go on is given up, an idle client is not", "[silent_clients]") {
    auto const source = listening({.message_timeout = 200ms});
    raw_client idle{source->port()};
    send_and_read(idle, *source, 1);
    raw_client silent{source->port()};
    raw_client half{source->port()};
    half.send(single_message("t", 1).substr(0, 5));
    raw_client second_half{source->port()};
    send_and_read(second_half, *source, 2);
    second_half.send(single_message("t", 1).substr(0, 5));
    CHECK(half.is_closed_by_peer());
    CHECK(second_half.is_closed_by_peer());
    CHECK(counted(*source, "connections_timed_out_total") == 2);
    send_and_read(idle, *source, 3);
    send_and_read(silent, *source, 4);
}

TEST_CASE("a message that comes byte by byte is given up", "[silent_clients]") {
    auto const source = listening({.message_timeout = 300ms});
    raw_client slow{source->port()};
    slow.send("\x93" + fix_string("t") + std::string("\xc6\x00\x01\x00\x00", 5));  // 64 KiB of entries
    CHECK_THROWS([&] {
        for (int i = 0; i < 10'000; ++i) {
            slow.send("x");
            if (slow.has_response(2)) throw std::runtime_error{"closed"};
        }
    }());
    CHECK(comes_true([&] { return counted(*source, "connections_timed_out_total") == 1; }));
}

TEST_CASE("a client that never completes a message is closed in time where a timeout is given", "[silent_clients]") {
    auto const source = listening({.first_message_timeout = 200ms});
    raw_client good{source->port()};
    send_and_read(good, *source, 1);
    raw_client silent{source->port()};
    CHECK(silent.is_closed_by_peer());
    send_and_read(good, *source, 2);
    CHECK(counted(*source, "connections_timed_out_total") == 1);
}

TEST_CASE("a message that waits for the pump is not given up", "[silent_clients]") {
    auto const source = listening({.message_timeout = 100ms, .pending_bytes_max = 1000});
    raw_client client{source->port()};
    auto const big =
        "\x93" + fix_string("t") + "\x01\x81" + fix_string("n") + "\xda\xea\x60" + std::string(60'000, 'x');
    std::string many;
    for (int i = 0; i < 200; ++i) many += big;
    std::jthread const sender{[&] { client.send(many); }};
    REQUIRE(comes_true([&] { return counted(*source, "pending_bytes") > 1000; }));
    // Many looks at who is too slow pass meanwhile: another client's time is up.
    raw_client half{source->port()};
    half.send(big.substr(0, 5));
    REQUIRE(half.is_closed_by_peer());
    std::size_t have = 0;
    for (auto const& each : read_events(*source, 200)) have += each.events.size();
    CHECK(have == 200);
}

TEST_CASE("an address has so many connections where a limit is given, and gets one back when one leaves",
          "[silent_clients]") {
    auto const source = listening({.connections_per_address = 2});
    std::deque<raw_client> good;
    for (int i = 0; i < 2; ++i) send_and_read(good.emplace_back(source->port()), *source, i);
    CHECK(raw_client{source->port()}.is_closed_by_peer());
    CHECK(counted(*source, "connections_rejected_total") == 1);
    good.pop_front();
    REQUIRE(comes_true([&] { return counted(*source, "open_connections") == 1; }));
    send_and_read(good.emplace_back(source->port()), *source, 5);
}

TEST_CASE("without descriptors the source says so, does not spin, and goes on when there are some",
          "[silent_clients]") {
    auto const source = listening();
    raw_client good{source->port()};
    send_and_read(good, *source, 1);
    raw_client late;
    {
        no_descriptors const none;
        auto const begin = std::chrono::steady_clock::now();
        late.connect(source->port());
        REQUIRE(comes_true([&] { return counted(*source, "accept_failures_total") >= 3; }));
        auto const attempts = (std::chrono::steady_clock::now() - begin) / 100ms + 2;
        CHECK(counted(*source, "accept_failures_total") <= static_cast<double>(attempts));
        CHECK_FALSE(source->status().up);
        CHECK_THAT(source->status().reason, ContainsSubstring("cannot accept connections: Too many open files"));
        send_and_read(good, *source, 2);
    }
    send_and_read(late, *source, 3);
    CHECK(source->status().up);
}

TEST_CASE("without descriptors a silent client gives way to the next one", "[silent_clients]") {
    auto const source = listening();
    raw_client silent{source->port()};
    raw_client good{source->port()};
    send_and_read(good, *source, 1);
    raw_client late;
    no_descriptors const none;
    late.connect(source->port());
    CHECK(silent.is_closed_by_peer());
    send_and_read(late, *source, 2);
    CHECK(source->status().up);
}
