// What a real engine cannot be made to show; tests/integration/ship has one for the rest.
#include "docker/docker.hpp"

#include "support/catch.hpp"
#include "support/http_script.hpp"
#include "support/looking.hpp"
#include "support/scratch_folder.hpp"

#include <fmt/format.h>

#include <atomic>
#include <functional>
#include <mutex>
#include <thread>

using namespace logpipe;
using namespace logpipe::docker;
using namespace std::chrono_literals;

namespace {

constexpr auto time_limit = 30s;

std::string frame(std::string_view text) {
    std::string out{1, 0, 0, 0};
    for (auto const shift : {24U, 16U, 8U, 0U}) out.push_back(static_cast<char>((text.size() >> shift) & 0xffU));
    return out.append(text);
}

std::string line(int second, std::string_view text) {
    return frame(fmt::format("2026-11-24T21:35:{:02}.5Z {}\n", second, text));
}

std::string chunk(std::string_view bytes) {
    return fmt::format("{:x}\r\n{}\r\n", bytes.size(), bytes);
}

constexpr std::string_view stream_head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
constexpr std::string_view list_of_one = R"([{"Id":"ab12"}])";
constexpr std::string_view stopped = R"({"Id":"ab12","Name":"/web","State":{"Running":false},"Config":{}})";

/// An engine with one container. Each test says what GET …/logs and GET /events do; the rest is as a real one's.
struct engine {
    using responder = std::function<void(test::http_exchange&, int time)>;  // time 0 is the first

    engine(responder logs, responder events)
        : logs_{std::move(logs)},
          events_{std::move(events)},
          server{[this](auto& to) { serve(to); }, folder.path("s")} {}

    void serve(test::http_exchange& to) {
        auto const target = to.target();
        if (target.starts_with("/events")) return events_(to, event_requests++);
        if (target.starts_with("/containers/json")) return to.answer("200 OK", "", list_of_one);
        if (target.ends_with("/json")) return to.answer("200 OK", "", container());
        {
            std::lock_guard lock{mutex};
            log_targets.push_back(target);
        }
        logs_(to, log_requests++);
    }
    std::string container() {
        if (!is_running) return std::string{stopped};
        return fmt::format(R"({{"Id":"ab12","Name":"/web","State":{{"Running":true,"StartedAt":"{}"}},"Config":{{}}}})",
                           is_another_run ? inspected++ : 0);
    }
    static void hang(test::http_exchange& to, int /*time*/) {
        to.send(stream_head);
        to.hang();
    }
    docker_source_options options() const {
        return {.socket = folder.path("s"), .positions_file = folder.path("positions.json")};
    }

    test::scratch_folder folder;
    responder logs_;
    responder events_;
    std::atomic<int> event_requests{0};
    std::atomic<int> log_requests{0};
    std::atomic<bool> is_running{false};
    std::atomic<bool> is_another_run{false};  // each time that somebody looks
    std::atomic<int> inspected{0};
    std::mutex mutex;  // guards log_targets
    std::vector<std::string> log_targets;
    test::http_script server;
};

std::string text_of(batch const& events, event const& row) {
    std::string_view const record = events.record(row);
    auto const at = record.find(R"("line":")") + 8;
    return std::string{record.substr(at, record.size() - at - 2)};
}

/// Reads and commits until there are so many lines.
std::vector<std::string> read_lines(source& from, std::size_t count) {
    std::vector<std::string> got;
    auto const until = std::chrono::steady_clock::now() + time_limit;
    while (got.size() < count && std::chrono::steady_clock::now() < until) {
        batch into;
        REQUIRE(from.read(into, until));
        for (auto const& row : into.events) got.push_back(text_of(into, row));
        progress const safe{.safe = {.partition = into.partition, .offset = into.end_offset},
                            .counts = {.in = into.events.size(), .indexed = into.events.size()}};
        if (!into.empty()) REQUIRE(from.commit({&safe, 1}));
    }
    return got;
}

}  // namespace

TEST_CASE("a log that is cut off in the middle of a frame is read on without loss or repeats", "[docker_source]") {
    auto const all = line(1, "one") + line(2, "two") + line(3, "three");
    engine docker{[&](test::http_exchange& to, int time) {
                      to.send(stream_head);
                      if (time == 0) {
                          to.send(chunk(all.substr(0, all.size() - 20)));
                          return to.drop();
                      }
                      to.send(chunk(all));
                      to.hang();
                  },
                  engine::hang};
    auto const from = make_docker_source(docker.options());
    REQUIRE(from->open());
    CHECK(read_lines(*from, 3) == std::vector<std::string>{"one", "two", "three"});
    std::lock_guard lock{docker.mutex};
    CHECK_THAT(docker.log_targets.at(1), ContainsSubstring("&since=1795556092.500000000"));
}

TEST_CASE("a restart continues after what was safe, to the line", "[docker_source]") {
    engine docker{
        [&](test::http_exchange& to, int time) {
            to.send(stream_head);
            to.send(chunk(line(1, "one") + line(2, "two") + (time == 0 ? "" : line(2, "another of that time"))));
            to.hang();
        },
        engine::hang};
    {
        auto const from = make_docker_source(docker.options());
        REQUIRE(from->open());
        CHECK(from->counted() == event_counts{});
        CHECK(read_lines(*from, 2) == std::vector<std::string>{"one", "two"});
    }
    auto const from = make_docker_source(docker.options());
    REQUIRE(from->open());
    CHECK(from->counted().value().indexed == 2);
    CHECK(read_lines(*from, 1) == std::vector<std::string>{"another of that time"});
}

TEST_CASE("what was read and not committed is read again after a restart", "[docker_source]") {
    engine docker{[&](test::http_exchange& to, int) {
                      to.send(stream_head);
                      to.send(chunk(line(1, "one")));
                      to.hang();
                  },
                  engine::hang};
    for (int start = 0; start < 2; ++start) {
        auto const from = make_docker_source(docker.options());
        REQUIRE(from->open());
        batch into;
        while (into.empty()) REQUIRE(from->read(into, std::chrono::steady_clock::now() + time_limit));
        CHECK(text_of(into, into.events.front()) == "one");
    }
}

TEST_CASE("when the engine's events end, containers are listed once more and still followed once", "[docker_source]") {
    std::atomic<bool> second_events{false};
    engine docker{[&](test::http_exchange& to, int) {
                      to.send(stream_head);
                      to.send(chunk(line(1, "one")));
                      while (!second_events) std::this_thread::yield();
                      to.send(chunk(line(2, "two")));
                      to.hang();
                  },
                  [&](test::http_exchange& to, int time) {
                      to.send(stream_head);
                      if (time == 0) return;
                      second_events = true;
                      to.hang();
                  }};
    docker.is_running = true;
    auto const from = make_docker_source(docker.options());
    // The stream that ends may do so before open() has returned; the pump then opens it once more.
    while (!from->open()) std::this_thread::yield();
    CHECK(read_lines(*from, 2) == std::vector<std::string>{"one", "two"});
    CHECK(docker.log_requests == 1);
}

TEST_CASE("a start is followed also when it comes while the last log is read to its end", "[docker_source]") {
    std::atomic<bool> event_sent{false};
    engine docker{[&](test::http_exchange& to, int time) {
                      to.send(stream_head);
                      if (time == 0) {
                          while (!event_sent) std::this_thread::yield();
                          to.send(chunk(line(1, "one")));
                          to.send("0\r\n\r\n");
                          return;
                      }
                      to.send(chunk(line(1, "one") + line(2, "two")));
                      to.hang();
                  },
                  [&](test::http_exchange& to, int) {
                      to.send(stream_head);
                      to.send(chunk("{\"Type\":\"container\",\"Action\":\"start\",\"Actor\":{\"ID\":\"ab12\"}}\n"));
                      event_sent = true;
                      to.hang();
                  }};
    auto const from = make_docker_source(docker.options());
    REQUIRE(from->open());
    CHECK(read_lines(*from, 2) == std::vector<std::string>{"one", "two"});
}

TEST_CASE("a container whose log keeps ending is degraded, with its name and the reason", "[docker_source]") {
    engine docker{[&](test::http_exchange& to, int time) {
                      to.send(stream_head);
                      to.send(chunk(line(1, "one")));
                      if (time % 2 == 0) {
                          to.send("0\r\n\r\n");
                      } else {
                          to.drop();
                      }
                  },
                  engine::hang};
    docker.is_running = true;
    auto const from = make_docker_source(docker.options());
    REQUIRE(from->open());
    CHECK(read_lines(*from, 1) == std::vector<std::string>{"one"});
    REQUIRE(test::comes_true([&] { return test::gauge_of(from->status(), "containers_degraded") == 1; }));
    auto const status = from->status();
    CHECK(status.up);
    CHECK_THAT(status.reason, ContainsSubstring("degraded: the log of web ended ") && ContainsSubstring(" in a row ("));
    CHECK(test::gauge_of(status, "lines_total") == 1);
}

TEST_CASE("a container that restarts repeatedly has a log that is well", "[docker_source]") {
    engine docker{[&](test::http_exchange& to, int time) {
                      to.send(stream_head);
                      if (time == 4) return to.hang();
                      to.send(chunk(line(time, "started")));
                      to.send("0\r\n\r\n");
                  },
                  engine::hang};
    docker.is_running = docker.is_another_run = true;
    auto const from = make_docker_source(docker.options());
    REQUIRE(from->open());
    CHECK(read_lines(*from, 4) == std::vector<std::string>(4, "started"));
    CHECK(test::gauge_of(from->status(), "containers_degraded") == 0);
    CHECK(from->status().reason.empty());
}

TEST_CASE("a log driver that keeps nothing to read is logged once and left alone", "[docker_source]") {
    engine docker{[](test::http_exchange& to, int) {
                      to.answer("501 Not Implemented", "",
                                R"({"message":"configured logging driver does not support reading"})");
                  },
                  engine::hang};
    auto const from = make_docker_source(docker.options());
    REQUIRE(from->open());
    CHECK(test::comes_true([&] { return test::gauge_of(from->status(), "containers_followed") == 0; }));
    CHECK(docker.log_requests == 1);
    CHECK(from->status().up);
}

TEST_CASE("a missing engine, a socket without permission and another server have different errors", "[docker_source]") {
    test::scratch_folder const folder;
    auto const missing = make_docker_source({.socket = folder.path("none")})->open();
    CHECK(missing.error().code == errc::not_connected);
    CHECK_THAT(missing.error().message, ContainsSubstring(folder.path("none")));
    test::http_script const other{[](test::http_exchange& to) { to.send("SSH-2.0-OpenSSH\r\n"); }, folder.path("ssh")};
    CHECK(make_docker_source({.socket = folder.path("ssh")})->open().error().code == errc::protocol);
    test::http_script const angry{[](test::http_exchange& to) { to.answer("500 Internal Server Error", "", "{}"); },
                                  folder.path("angry")};
    CHECK(make_docker_source({.socket = folder.path("angry")})->open().error().code == errc::protocol);
    CHECK(make_docker_source({.socket = folder.path(std::string(200, 'x'))})->open().error().code ==
          errc::invalid_argument);
    CHECK(make_docker_source({.line_bytes_max = 1})->open().error().code == errc::invalid_argument);
    CHECK(make_docker_source({.limited_lines_per_second = 0})->open().error().code == errc::invalid_argument);
}

TEST_CASE("a stopped source gives what it has, then its end", "[docker_source]") {
    engine docker{[&](test::http_exchange& to, int) {
                      to.send(stream_head);
                      to.send(chunk(line(1, "one")));
                      to.hang();
                  },
                  engine::hang};
    auto const from = make_docker_source(docker.options());
    REQUIRE(from->open());
    batch into;
    REQUIRE(test::comes_true([&] { return test::gauge_of(from->status(), "lines_total") != 0; }));
    from->stop();
    auto const until = std::chrono::steady_clock::now() + time_limit;
    REQUIRE(from->read(into, until));
    CHECK(into.events.size() == 1);
    batch nothing;
    CHECK(from->read(nothing, until).error().code == errc::end_of_input);
}

TEST_CASE("a reader that does not read makes the engine wait, and nothing is lost", "[docker_source]") {
    constexpr int lines = 20'000;
    engine docker{[&](test::http_exchange& to, int) {
                      to.send(stream_head);
                      for (int i = 0; i < lines; ++i) to.send(chunk(line(i / 1000, fmt::format("{} {:0>200}", i, ""))));
                      to.hang();
                  },
                  engine::hang};
    auto options = docker.options();
    options.inbox_bytes_max = 256U << 10U;
    auto const from = make_docker_source(options);
    REQUIRE(from->open());
    auto const got = read_lines(*from, lines);
    REQUIRE(got.size() == lines);
    CHECK(got.back().starts_with(fmt::format("{} ", lines - 1)));
}
