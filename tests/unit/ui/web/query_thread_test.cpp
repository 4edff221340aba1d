#include "query_thread.hpp"

#include "page_support.hpp"
#include "support/catch.hpp"
#include "support/http_client.hpp"
#include "support/looking.hpp"
#include "web/web.hpp"

#include <future>
#include <latch>
#include <mutex>

using namespace logpipe;
using namespace logpipe::web;

namespace {

/// Questions that say in which order they were answered; the first one waits until it may go on.
struct asking {
    std::latch go_on{1};
    std::mutex mutex;  // guards answered, refused
    std::vector<std::string> responded, rejected;
    query_thread thread;

    explicit asking(std::size_t most) : thread{"test", options_of(most)} {
        std::promise<void> begun;
        thread.submit(
            "first",
            [&](query_context&) {
                begun.set_value();
                go_on.wait();
                return text_response(200, "");
            },
            [](web_response const&) {});
        begun.get_future().wait();
    }
    static page_options options_of(std::size_t most) {
        page_options options;
        options.queries_max = most;
        return options;
    }
    void submit(std::string const& client, std::string const& name) {
        thread.submit(
            client, [](query_context&) { return text_response(200, ""); },
            [this, name](web_response const& response) {
                std::lock_guard const lock{mutex};
                (response.status == 200 ? responded : rejected).push_back(name);
            });
    }
    /// @return in the order of their answers, once so many are there
    std::vector<std::string> finish(std::size_t count) {
        go_on.count_down();
        auto const all = [&] {
            std::lock_guard const lock{mutex};
            return responded;
        };
        REQUIRE(test::comes_true([&] { return all().size() == count; }));
        return all();
    }
};

using names = std::vector<std::string>;

/// Completes a search when the test says so.
class waiting_dashboard final : public log_dashboard {
  public:
    explicit waiting_dashboard(std::latch& go_on) : go_on_{go_on} {}
    result<log_overview> overview(log_view const& view) override {
        if (!view.search.empty()) go_on_.wait();
        return log_overview{.view = view, .facets = std::vector<log_values>(test::nginx_documents().facets.size())};
    }
    result<log_lines> lines(log_view const&, std::int64_t, std::size_t) override { return log_lines{}; }

  private:
    std::latch& go_on_;
};

}  // namespace

TEST_CASE("askers take turns, so that one query waits for one of each other", "[queries]") {
    asking test{64};
    for (int i = 1; i <= 5; ++i) test.submit("greedy", "g" + std::to_string(i));
    test.submit("user", "u1");
    test.submit("other", "o1");
    test.submit("user", "u2");
    CHECK(test.finish(8) == names{"g1", "u1", "o1", "g2", "u2", "g3", "g4", "g5"});
}

TEST_CASE("where too many queries wait, any client that has the most loses the newest", "[queries]") {
    asking test{4};
    for (int i = 1; i <= 6; ++i) test.submit("greedy", "g" + std::to_string(i));
    test.submit("user", "u1");
    test.submit("user", "u2");
    test.submit("user", "u3");
    {
        std::lock_guard const lock{test.mutex};
        CHECK(test.rejected == names{"g5", "g6", "g4", "g3", "u3"});
    }
    test.go_on.count_down();
}

TEST_CASE("what is served at once never waits for searches", "[queries]") {
    std::latch go_on{1};
    whole_page page;
    auto options = page.options();
    options.page->open_logs = [&]() -> result<std::unique_ptr<log_dashboard>> {
        return std::make_unique<waiting_dashboard>(go_on);
    };
    auto const server = start_web_server(std::move(options));
    REQUIRE(server.has_value());
    http_client searching{(*server)->port()};
    REQUIRE(searching.send("GET /api/logs/overview?q=word HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    http_client filtering{(*server)->port()};
    REQUIRE(filtering.send("GET /api/logs/lines?status=404 HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    http_client user{(*server)->port()};
    CHECK(status_of(user.submit("GET /api/logs/overview")) == 200);
    CHECK(status_of(user.submit("GET /api/logs/lines")) == 200);
    CHECK(status_of(user.submit("GET /api/dead-letters")) == 200);
    go_on.count_down();
    CHECK(status_of(searching.response()) == 200);
    CHECK(status_of(filtering.response()) == 200);
}
