#include "tcp/tcp.hpp"

#include "support/catch.hpp"
#include "support/looking.hpp"
#include "support/raw_client.hpp"
#include "support/reports.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <thread>

using namespace logpipe;
using namespace logpipe::tcp;
using namespace logpipe::test;
using namespace std::chrono_literals;

namespace {

struct listening_source {
    explicit listening_source(tcp_source_options options = {.listen = "127.0.0.1:0"}) {
        options.listening = [this](std::uint16_t where) { port = where; };
        from = make_tcp_source(std::move(options));
        REQUIRE(from->open());
    }

    /// Reads until there are `count` lines, or the source has ended.
    std::vector<std::string> read(std::size_t count) {
        std::vector<std::string> lines;
        batch into;
        auto const until = std::chrono::steady_clock::now() + 60s;
        while (lines.size() < count && std::chrono::steady_clock::now() < until) {
            into.clear();
            if (!from->read(into, std::chrono::steady_clock::now() + 50ms)) break;
            for (auto const& row : into.events) {
                CHECK(row.offset == next_offset++);
                ids.push_back(row.id);
                lines.emplace_back(into.record(row));
            }
            for (auto const& each : into.rejections) rejected.push_back(each.reason);
            if (!into.empty()) CHECK(into.end_offset == next_offset);
        }
        return lines;
    }

    std::unique_ptr<source> from;
    std::uint16_t port = 0;
    std::uint64_t next_offset = 0;
    std::vector<event_id> ids;
    std::vector<std::string> rejected;
};

using lines_read = std::vector<std::string>;

batch batch_of(std::vector<std::string> const& records) {
    batch made;
    auto const tag = made.tag_index("app.follow");
    for (auto const& record : records) made.append(tag, {}, 0, record);
    return made;
}

/// Takes one connection and everything that comes by it.
struct receiver {
    loopback_listener listener = listen_on_loopback();
    int connection = -1;

    ~receiver() {
        end();
        ::close(listener.socket);
    }
    void accept() { connection = ::accept(listener.socket, nullptr, nullptr); }
    std::string receive(std::size_t bytes) const {
        std::string got(bytes, '\0');
        auto const count = ::recv(connection, got.data(), bytes, MSG_WAITALL);
        got.resize(static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
        return got;
    }
    void end() {
        if (connection >= 0) ::close(std::exchange(connection, -1));
    }
    [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(listener.port); }
};

}  // namespace

TEST_CASE("lines of several clients do not mix, and a last one needs no line end", "[tcp]") {
    listening_source to;
    raw_client one{to.port};
    raw_client two{to.port};
    one.send("alpha\nbe");
    CHECK(to.read(1) == lines_read{"alpha"});
    two.send("gamma\r\n\ndelta\n");
    CHECK(to.read(2) == lines_read{"gamma", "delta"});
    one.send("ta\nlast");
    CHECK(to.read(1) == lines_read{"beta"});
    one.end_sending();
    CHECK(to.read(1) == lines_read{"last"});
    CHECK(comes_true([&] {
        static_cast<void>(to.read(0));
        batch none;
        static_cast<void>(to.from->read(none, std::chrono::steady_clock::now()));
        return gauge_of(to.from->status(), "tcp_open_connections") == 1;
    }));
    CHECK(gauge_of(to.from->status(), "tcp_connections_total") == 2);
    CHECK(gauge_of(to.from->status(), "tcp_empty_lines_total") == 1);
}

TEST_CASE("the same lines of two clients are different events", "[tcp]") {
    listening_source to;
    raw_client one{to.port};
    one.send("same\n");
    CHECK(to.read(1) == lines_read{"same"});
    raw_client two{to.port};
    two.send("same\n");
    CHECK(to.read(1) == lines_read{"same"});
    REQUIRE(to.ids.size() == 2);
    CHECK(to.ids[0] != to.ids[1]);
}

TEST_CASE("a line that is too long is a dead letter, and the next one is whole", "[tcp]") {
    listening_source to{{.listen = "127.0.0.1:0", .lines = {.line_bytes_max = 10}}};
    raw_client client{to.port};
    client.send(std::string(1000, 'x') + "\nshort\n");
    CHECK(to.read(2).back() == "short");
    CHECK(to.rejected.size() == 1);
    CHECK(gauge_of(to.from->status(), "tcp_cut_lines_total") == 1);
}

TEST_CASE("a stop gives what was sent, closes the listener and ends", "[tcp]") {
    listening_source to;
    raw_client client{to.port};
    client.send("a\nb");
    CHECK(to.read(1) == lines_read{"a"});
    to.from->stop();
    CHECK(to.read(2) == lines_read{"b"});
    batch none;
    auto const ended = to.from->read(none, std::chrono::steady_clock::now() + 1s);
    REQUIRE(ended.has_error());
    CHECK(ended.error().code == errc::end_of_input);
    CHECK(client.is_closed_by_peer());
}

TEST_CASE("a wake ends a read that waits", "[tcp]") {
    listening_source to;
    std::jthread const waker{[&] { to.from->wake(); }};
    batch none;
    CHECK(to.from->read(none, steady_time::max()).has_value());
    CHECK(none.empty());
}

TEST_CASE("above the bound of clients further ones wait, and a silent one makes room where that is wanted", "[tcp]") {
    listening_source to{{.listen = "127.0.0.1:0", .connections_max = 1, .idle_time = 1s}};
    raw_client const silent{to.port};
    static_cast<void>(to.read(0));
    raw_client next{to.port};
    next.send("line\n");
    CHECK(to.read(1) == lines_read{"line"});
    CHECK(gauge_of(to.from->status(), "tcp_connections_idle_total") >= 1);
}

TEST_CASE("an address that cannot be had is an error with its name", "[tcp]") {
    listening_source const first;
    auto const second = make_tcp_source({.listen = "127.0.0.1:" + std::to_string(first.port)});
    auto const opened = second->open();
    REQUIRE(opened.has_error());
    CHECK(opened.error().code == errc::busy);
    CHECK_THAT(opened.error().message, ContainsSubstring("cannot listen on 127.0.0.1:"));
    CHECK(second->status().hint == hint_of(errc::busy));
    CHECK(make_tcp_source({.listen = "no.such.host.invalid:1"})->open().error().code == errc::invalid_argument);
}

TEST_CASE("a sink writes lines, and connects again when its receiver has gone", "[tcp]") {
    receiver there;
    auto const to = make_tcp_sink({.address = there.address()});
    reported reports;
    REQUIRE(to->open(reports));
    there.accept();
    auto events = batch_of({"one", "two"});
    REQUIRE(to->write(events));
    CHECK(there.receive(8) == "one\ntwo\n");
    CHECK(reports.counts.indexed == 2);
    there.end();
    events = batch_of({"three"});
    CHECK(comes_true([&] { return !to->write(events); }));
    CHECK_FALSE(to->status().up);
    REQUIRE(to->open(reports));
    there.accept();
    REQUIRE(to->write(events));
    CHECK(there.receive(6) == "three\n");
    CHECK(to->status().up);
    CHECK(gauge_of(to->status(), "tcp_reconnects_total") == 1);
}

TEST_CASE("a receiver that takes nothing is given up after the stall time, and a cancel ends the wait", "[tcp]") {
    receiver there;
    auto const stall = GENERATE(std::chrono::milliseconds{100}, std::chrono::milliseconds{60'000});
    auto const to = make_tcp_sink({.address = there.address(), .stall_timeout = stall});
    reported reports;
    REQUIRE(to->open(reports));
    there.accept();
    auto events = batch_of({std::string(std::size_t{64} << 20U, 'x')});
    std::jthread canceller;
    if (stall > 1s) canceller = std::jthread{[&] { to->cancel(); }};
    auto const written = to->write(events);
    REQUIRE(written.has_error());
    CHECK(written.error().code == (stall > 1s ? errc::cancelled : errc::timed_out));
    CHECK(events.events.size() == 1);
}

TEST_CASE("nobody who listens is not connected", "[tcp]") {
    std::uint16_t port = 0;
    {
        receiver const gone;
        port = gone.listener.port;
    }
    auto const to = make_tcp_sink({.address = "127.0.0.1:" + std::to_string(port)});
    reported reports;
    auto const opened = to->open(reports);
    REQUIRE(opened.has_error());
    CHECK(opened.error().code == errc::not_connected);
    CHECK_THAT(opened.error().message, ContainsSubstring("cannot connect to 127.0.0.1:"));
}
