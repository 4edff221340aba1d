// A page of a process that has everything, for tests of what is answered.
#pragma once

#include "support/nginx_documents.hpp"
#include "support/snapshots.hpp"
#include "web/web.hpp"

#include <memory>
#include <string>
#include <vector>

namespace logpipe::web {

/// Remembers what it was asked and answers the same always.
class fixed_dashboard final : public log_dashboard {
  public:
    explicit fixed_dashboard(std::vector<log_view>& pending_query) : asked_{pending_query} {}

    [[nodiscard]] result<log_overview> overview(log_view const& view) override {
        asked_.push_back(view);
        if (view.search == "slow") return error{errc::timed_out, "interrupted"};
        log_overview all{.view = view, .bar_minutes = 5};
        all.bars = {{.start_minute = 10, .classes = {0, 0, 7, 0, 2, 0}, .bytes = 99}};
        all.total = {.documents = 9, .bytes = 99};
        all.facets.resize(test::nginx_documents().facets.size());
        all.facets[test::facet::request] = {
            .top = {{.value = "GET \"/\"\n</script>\xff", .counts = {.documents = 9, .bytes = 99}}},
            .distinct = 1,
            .others = {}};
        all.counted = 9;
        all.in_range = 10;
        return all;
    }
    [[nodiscard]] result<log_lines> lines(log_view const& view, std::int64_t before, std::size_t count_max) override {
        asked_.push_back(view);
        return log_lines{.lines = {{.row = before + static_cast<std::int64_t>(count_max), .document = "{\"a\":1e400}"}},
                         .before = 3};
    }

  private:
    std::vector<log_view>& asked_;
};

class fixed_letters final : public dead_letter_admin {
  public:
    [[nodiscard]] result<dead_letter_list> list(std::size_t newest_max) override {
        dead_letter_list all{
            .letters = 2, .incomplete = 1, .unreadable = 0, .reasons = {{"normalize", "no JSON", 2}}, .newest = {}};
        all.newest = {{.id = {.high = 1, .low = 2},
                       .time = "t",
                       .stage = "normalize",
                       .reason = "<b>",
                       .origin = "o",
                       .tag = "app",
                       .record = "text",
                       .attempts = 1,
                       .record_bytes = 4},
                      {.id = {.high = 1, .low = 3},
                       .record = "\xff\x01",
                       .attempts = 2,
                       .record_bytes = 20'000,
                       .parts = 3,
                       .parts_found = 2}};
        all.newest.resize(std::min(newest_max, all.newest.size()));
        return all;
    }
    [[nodiscard]] result<std::uint64_t> retry(dead_letter_selection const& which) override {
        chosen.push_back(which);
        return which.all ? 2 : which.ids.size();
    }
    std::vector<dead_letter_selection> chosen;
};

struct whole_page {
    std::vector<log_view> pending_query;
    std::shared_ptr<fixed_letters> letters = std::make_shared<fixed_letters>();

    [[nodiscard]] web_options options() {
        web_options made;
        made.snapshot = sample_snapshot;
        made.produce = [](produce_request const& what) {
            return produce_response{.status = 200, .message = what.demo, .events = 1};
        };
        made.page.emplace();
        made.page->watch = [] {
            return std::vector<watched_process>{{.address = {}, .now = sample_snapshot(), .reason = {}},
                                                {.address = "h:1", .now = {}, .reason = "no \"answer\""}};
        };
        made.page->open_logs = [this]() -> result<std::unique_ptr<log_dashboard>> {
            return std::unique_ptr<log_dashboard>{std::make_unique<fixed_dashboard>(pending_query)};
        };
        made.page->documents = test::nginx_documents();
        made.page->letters = letters;
        made.page->produce_source = "http://a/\"b\"";
        return made;
    }
};

}  // namespace logpipe::web
