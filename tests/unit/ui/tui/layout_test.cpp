#include "layout.hpp"

#include "core/utf8.hpp"

#include "support/catch.hpp"
#include "support/snapshots.hpp"

#include <algorithm>

using namespace logpipe;
using namespace logpipe::status;
using namespace logpipe::tui;
using namespace std::chrono_literals;

namespace {

monitor_scene sample_scene() {
    monitor_scene scene;
    scene.report = report_of_process({.address = "127.0.0.1:24230", .got = sample_snapshot(), .took = 1ms});
    rate_book rates;
    rates.update(scene.report, std::chrono::steady_clock::time_point{1s});
    scene.pumps = rates.pumps();
    scene.time = "21:53:49";
    scene.interval = "1 s";
    return scene;
}

/// Without its escape sequences.
std::string bare(std::string text) {
    for (auto at = text.find('\x1b'); at != std::string::npos; at = text.find('\x1b'))
        text.erase(at, text.find('m', at) - at + 1);
    return text;
}

std::size_t columns_on_screen(std::string const& line) {
    auto const text = bare(line);
    return static_cast<std::size_t>(
        std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; }));
}

std::string joined(std::vector<std::string> const& lines) {
    std::string out;
    for (auto const& line : lines) out += bare(line) + "\n";
    return out;
}

}  // namespace

TEST_CASE("every page fills its screen and is never wider, from the smallest to a wide one", "[layout]") {
    auto scene = sample_scene();
    scene.pumps[1].name = std::string(300, 'x');
    scene.report.components[0].figure = "日本" + std::string(300, 'y');
    scene.report.processes[0].warnings.assign(
        40, {.time_ns = 1, .severity = warning_severity::error, .message = std::string(400, 'z')});
    for (screen_size const size : {screen_size{80, 24}, screen_size{200, 50}, screen_size{20, 5}, screen_size{1, 1}}) {
        for (auto const page :
             {monitor_page::pumps, monitor_page::components, monitor_page::warnings, monitor_page::help}) {
            monitor_view view{.page = page, .chosen = 1};
            auto const lines = draw(view, scene, size);
            INFO(size.columns << "x" << size.rows << "\n" << joined(lines));
            REQUIRE(lines.size() == size.rows);
            for (auto const& line : lines) {
                REQUIRE(columns_on_screen(line) <= size.columns);
                REQUIRE(is_utf8(line));
            }
        }
    }
}

TEST_CASE("the pumps' page tells rates, what is behind, the chosen one's ledger and stages, and the last warnings",
          "[layout]") {
    monitor_view view{.chosen = 1};
    auto const text = joined(draw(view, sample_scene(), {80, 24}));
    CHECK_THAT(text, ContainsSubstring("logpipe monitor  21:53:49 UTC  every 1 s  2 down"));
    CHECK_THAT(text, ContainsSubstring(" run/forward"));
    CHECK_THAT(text, ContainsSubstring(">run/index"));
    CHECK_THAT(text, ContainsSubstring("in 100 = indexed 70 + already there 20 + dead 3 + in flight 7  d"));
    CHECK_THAT(text, ContainsSubstring("sqlite_sink      down  the disk is full"));
    CHECK_THAT(text, ContainsSubstring("01:31:40 run warn index: the sink waits"));
    CHECK_THAT(text, ContainsSubstring("q leave  p pause"));
}

TEST_CASE("the components' page says of the chosen one why, and how to see more", "[layout]") {
    monitor_view view{.page = monitor_page::components, .chosen = 5};
    auto const text = joined(draw(view, sample_scene(), {80, 24}));
    CHECK_THAT(text, ContainsSubstring("run 127.0.0.1:24230"));
    CHECK_THAT(text,
               ContainsSubstring("the disk is full") && ContainsSubstring("Free some space under /var/lib/logpipe."));
    view.chosen = 0;
    CHECK_THAT(joined(draw(view, sample_scene(), {80, 24})),
               ContainsSubstring("see more: logpipe monitor --at 127.0.0.1:24230"));
}

TEST_CASE("keys leave, pause, choose and turn pages, and a choice stays within the list", "[layout]") {
    monitor_view view;
    auto const scene = sample_scene();
    view.press(key::up);
    CHECK(view.chosen == 0);
    for (int i = 0; i < 10; ++i) view.press(key::down);
    static_cast<void>(draw(view, scene, {80, 24}));
    CHECK(view.chosen == 1);
    view.press(key::right);
    CHECK(view.page == monitor_page::components);
    view.press(key::left);
    view.press(key::left);
    CHECK(view.page == monitor_page::help);
    view.press(key::help);
    CHECK(view.page == monitor_page::pumps);
    view.press(key::pause);
    CHECK_THAT(joined(draw(view, scene, {80, 24})), ContainsSubstring("PAUSED"));
    CHECK_FALSE(view.over);
    view.press(key::quit);
    CHECK(view.over);
}

TEST_CASE("with many pumps the chosen one is always on the screen", "[layout]") {
    auto scene = sample_scene();
    while (scene.pumps.size() < 100) scene.pumps.push_back(scene.pumps[0]);
    for (std::size_t i = 0; i < scene.pumps.size(); ++i) scene.pumps[i].name = "pump-" + std::to_string(i) + ".";
    for (std::size_t chosen : {0U, 7U, 50U, 99U}) {
        monitor_view view{.chosen = chosen};
        CHECK_THAT(joined(draw(view, scene, {80, 24})), ContainsSubstring(">pump-" + std::to_string(chosen) + "."));
    }
}

TEST_CASE("an old picture says that it is stale, and one without components that nothing responds", "[layout]") {
    monitor_scene scene;
    scene.stale = true;
    monitor_view view;
    auto const text = joined(draw(view, scene, {80, 24}));
    CHECK_THAT(text, ContainsSubstring("nothing responds"));
    CHECK_THAT(text, ContainsSubstring("STALE"));
}

TEST_CASE("plain lines carry the same without escape sequences", "[layout]") {
    auto const text = plain_lines(sample_scene());
    CHECK(text.find('\x1b') == std::string::npos);
    CHECK_THAT(text, ContainsSubstring("21:53:49 run/index in 0/s out 0/s backlog 12007 drain never queue 50 %"));
    CHECK_THAT(text, ContainsSubstring("21:53:49 stage index/sqlite_sink down: the disk is full"));
}

TEST_CASE("numbers and times are short and keep their size readable", "[layout]") {
    CHECK(short_number(0) == "0");
    CHECK(short_number(2.5) == "2.5");
    CHECK(short_number(999) == "999");
    CHECK(short_number(1234) == "1.2k");
    CHECK(short_number(123'456) == "123k");
    CHECK(short_number(1.25e6) == "1.2M");
    CHECK(short_number(999'900) == "1.0M");
    CHECK(short_time(0) == "0");
    CHECK(short_time(0.0004) == "0.4ms");
    CHECK(short_time(0.25) == "250ms");
    CHECK(short_time(200) == "3m20s");
    CHECK(short_time(7500) == "2h5m");
    CHECK(short_time(300'000) == "3d11h");
}
