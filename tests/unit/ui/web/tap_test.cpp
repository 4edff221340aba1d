// `/api/tap` over a real connection, and its client.
#include "tap_route.hpp"
#include "web/web.hpp"

#include "support/catch.hpp"
#include "support/snapshots.hpp"

#include <fmt/format.h>

#include <atomic>
#include <string>
#include <vector>

using namespace logpipe;
using namespace logpipe::web;

namespace {

/// Gives one event a look.
class steady_reader final : public tap_reader {
  public:
    std::vector<tapped_event> take() override {
        ++seen_;
        return {{.where = "index/normalize",
                 .id = {},
                 .tag = "app.x",
                 .origin = {},
                 .payload = fmt::format("{{\"n\":{}}}", seen_.load()),
                 .rejected = {}}};
    }
    tap_counts counts() const override { return {.seen = seen_, .dropped = 3}; }

  private:
    std::atomic<std::uint64_t> seen_ = 0;
};

struct pending_query {
    std::string stage;
    std::uint64_t sample = 0;
};

web_options options_for(pending_query& what) {
    web_options options;
    options.snapshot = sample_snapshot;
    options.tap = [&what](std::string const& stage, std::uint64_t sample) -> result<std::unique_ptr<tap_reader>> {
        what = {.stage = stage, .sample = sample};
        if (stage == "none" || stage == "normalise")
            return error{errc::not_found, "unknown stage \"none\"; stages: index/normalize"};
        return std::make_unique<steady_reader>();
    };
    return options;
}

}  // namespace

TEST_CASE("the query of a tap is decoded, and what is wrong in it is a 400 or 404 that says what is right", "[tap]") {
    pending_query what;
    auto const options = options_for(what);
    auto const good = open_tap_route("/api/tap?stage=index%2Fnormalize&sample=7&form=readable", options);
    CHECK(good.reader);
    CHECK(good.readable);
    CHECK(what.stage == "index/normalize");
    CHECK(what.sample == 7);
    CHECK(open_tap_route("/api/tap", options).reader);

    auto const status_of = [&](std::string_view target) { return open_tap_route(target, options).rejection.status; };
    CHECK(status_of("/api/tap?stage=none") == 404);
    CHECK_THAT(open_tap_route("/api/tap?stage=normalise", options).rejection.body,
               ContainsSubstring(R"(did you mean \"normalize\"?)"));
    for (auto const* target :
         {"/api/tap?sample=0", "/api/tap?sample=x", "/api/tap?sample=-1", "/api/tap?sample=", "/api/tap?stage=%4",
          "/api/tap?stage=%zz", "/api/tap?form=xml", "/api/tap?colour=red", "/api/tap?stage"}) {
        INFO(target);
        CHECK(open_tap_route(target, options).rejection.status ==
              (std::string_view{target} == "/api/tap?stage" ? 200U : 400U));
    }
}

TEST_CASE("a tap is followed line by line until enough were seen", "[tap]") {
    pending_query what;
    auto const server = start_web_server(options_for(what));
    REQUIRE(server.has_value());
    auto const address = fmt::format("127.0.0.1:{}", (*server)->port());
    std::vector<std::string> lines;
    auto const followed = follow_tap(
        {.address = address, .query = "stage=normalize&sample=2", .access = {}},
        [&](std::string_view line) {
            lines.emplace_back(line);
            return lines.size() < 5;
        },
        [] { return false; });
    REQUIRE(followed.has_value());
    REQUIRE(lines.size() == 5);
    CHECK(lines[0] == R"({"stage":"index/normalize","tag":"app.x","event":{"n":1}})");
    CHECK(lines[1] == R"({"tap":{"seen":1,"dropped":3}})");
    CHECK(lines[2] == R"({"stage":"index/normalize","tag":"app.x","event":{"n":2}})");
    CHECK(what.stage == "normalize");
    CHECK(what.sample == 2);
}

TEST_CASE("a tap that cannot be is reported apart: no such stage, nobody there, the process ended", "[tap]") {
    pending_query what;
    auto server = start_web_server(options_for(what));
    REQUIRE(server.has_value());
    auto const address = fmt::format("127.0.0.1:{}", (*server)->port());
    auto const every = [](std::string_view) { return true; };
    auto const never = [] { return false; };
    auto const rejected = follow_tap({.address = address, .query = "stage=none", .access = {}}, every, never);
    REQUIRE(rejected.has_error());
    CHECK(rejected.error().code == errc::not_found);
    CHECK_THAT(rejected.error().message, ContainsSubstring("index/normalize"));

    bool stopped = false;
    auto const ended = follow_tap(
        {.address = address, .query = "stage=index", .access = {}},
        [&](std::string_view) {
            if (!stopped) server->reset();  // closes our connection too
            stopped = true;
            return true;
        },
        never);
    REQUIRE(ended.has_error());
    CHECK(ended.error().code == errc::end_of_input);

    auto const away = follow_tap({.address = address, .query = "stage=index", .access = {}}, every, never);
    REQUIRE(away.has_error());
    CHECK(away.error().code == errc::not_connected);
}

TEST_CASE("a page is fetched whatever it responds, and a URL that is none is a wrong argument", "[fetch_page]") {
    pending_query what;
    auto const server = start_web_server(options_for(what));
    REQUIRE(server.has_value());
    auto const base = fmt::format("http://127.0.0.1:{}", (*server)->port());
    auto const get = [](std::string url) {
        return fetch_page({.url = std::move(url), .timeout = std::chrono::seconds{10}, .ca_file = {}});
    };
    CHECK(get(base + "/healthz")->body == "ok\n");
    CHECK(get(base)->status == 404);
    CHECK(get(base + "/none?x=1")->status == 404);
    CHECK(get("127.0.0.1:1").error().code == errc::invalid_argument);
    CHECK(get("ftp://127.0.0.1:1/").error().code == errc::invalid_argument);
    CHECK(get("http://[::1/").error().code == errc::invalid_argument);
    // TLS towards a server that speaks none.
    auto const plain = get("https" + base.substr(4) + "/healthz");
    REQUIRE(plain.has_error());
    CHECK_THAT(plain.error().message, ContainsSubstring("https://127.0.0.1"));
}
