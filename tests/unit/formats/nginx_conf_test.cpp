// The formats of logs, from nginx's own configuration.
#include "log_format/nginx_conf.hpp"

#include "file_formats.hpp"

#include "support/catch.hpp"
#include "support/scratch_folder.hpp"

#include "core/path_tag.hpp"

#include <filesystem>
#include <string>
#include <vector>

using namespace logpipe;
using namespace logpipe::formats;
using namespace logpipe::test;

namespace {

nginx_formats formats_in(std::string const& conf, std::string_view name = {}) {
    scratch_folder const folder;
    auto found = nginx_log_formats(folder.write("nginx.conf", conf), name);
    REQUIRE(found.has_value());
    return *found;
}

constexpr char shop[] = "log_format shop '$remote_addr|$status'; log_format json escape=json '{\"a\":\"$status\"}';\n";

}  // namespace

TEST_CASE("each file has the format that its access_log names", "[nginx_conf]") {
    auto const found = formats_in(std::string{shop} + R"(
        error_log /logs/error.log warn;
        http {
            access_log /logs/access.log;
            server { access_log /logs/shop.log shop buffer=32k; access_log /logs/json.log json if=$loggable; }
            server { access_log /logs/plain.log buffer=32k; access_log off; error_log stderr; }
            server { access_log syslog:server=192.0.2.1 shop; access_log /dev/null shop; error_log memory:32m debug; }
        })");
    CHECK(found.format == "$remote_addr|$status");
    auto const format_of = [&](std::string_view tag) {
        auto const index = format_of_tag(found.files, tag);
        return index ? found.files[*index].name : std::string{"none"};
    };
    CHECK(found.files.size() == 5);
    CHECK(format_of("app.follow.logs.access.log") == "combined");
    CHECK(format_of("app.follow.logs.shop.log") == "shop");
    CHECK(format_of("app.follow.logs.json.log") == "json");
    CHECK(format_of("app.follow.logs.plain.log") == "combined");
    CHECK(format_of("app.follow.logs.error.log") == "nginx-error");
    CHECK(format_of("app.follow.logs.other.log") == "none");
    CHECK(format_of("app.follow") == "none");
    auto const json = format_of_tag(found.files, "logs.json.log");
    REQUIRE(json.has_value());
    CHECK(found.files[*json].format == "json");
}

TEST_CASE("a file's format may be that of a pattern, of a relative path, and of no other one", "[nginx_conf]") {
    auto const found = formats_in(std::string{shop} + R"(
        access_log /logs/$host.access.log shop;
        access_log /logs/a.access.log combined;
        access_log logs/relative.log shop;
        access_log /logs/${host}_$server_port/x.log shop;
        access_log /logs/mixed.log shop;
        access_log /logs/mixed.log combined;
        access_log /logs/unknown.log nowhere;)");
    auto const format_of = [&](std::string_view tag) {
        auto const index = format_of_tag(found.files, tag);
        return index ? found.files[*index].name : std::string{"none"};
    };
    CHECK(format_of("t.logs.b.example.org.access.log") == "shop");
    CHECK(format_of("t.logs.a.access.log") == "combined");
    CHECK(format_of("t.usr.share.nginx.logs.relative.log") == "shop");
    CHECK(format_of("t.logs.b_80.x.log") == "shop");
    CHECK(format_of("t.logs.mixed.log") == "none");
    CHECK(format_of("t.logs.unknown.log") == "none");
}

TEST_CASE("a format by its name is that of all files", "[nginx_conf]") {
    auto const found = formats_in(std::string{shop} + "access_log /logs/a.log combined;", "shop");
    CHECK(found.format == "$remote_addr|$status");
    CHECK(found.files.empty());
}

TEST_CASE("a file that a rotation renamed has the same format", "[nginx_conf]") {
    for (auto const* tag :
         {"a.logs.x.log", "logs.x.log", "a.logs.x.log.1", "a.logs.x.log.2.gz", "a.logs.x.log-20261130"})
        CHECK(is_tag_of(tag, "logs.x.log"));
    for (auto const* tag : {"a.logs.x.log.old", "a.logs.x.logs", "a.otherlogs.x.log", "", "."})
        CHECK_FALSE(is_tag_of(tag, "logs.x.log"));
    CHECK(is_tag_of("a.logs.b.c.log.1", "logs.*.log"));
    CHECK_FALSE(is_tag_of("a.logs.b.c.log.txt", "logs.*.log"));
}

TEST_CASE("a folder that a symbolic link leads to is the same folder", "[nginx_conf]") {
    scratch_folder const folder;
    std::filesystem::create_directory(folder.path("real"));
    std::filesystem::create_directory_symlink(folder.path("real"), folder.path("link"));
    auto const conf = folder.write("nginx.conf", "access_log " + folder.path("link/a.log") + ";");
    auto const found = nginx_log_formats(conf, {});
    REQUIRE(found.has_value());
    REQUIRE(found->files.size() == 1);
    CHECK(is_tag_of("t." + path_tag(real_path(folder.path("real/a.log"))), found->files[0].path));
}

TEST_CASE("lines are read by the format of their file, and others as before", "[nginx_conf]") {
    normalize_options options{.timestamp = timestamp_from::line,
                              .file_formats = {{"logs.shop.log", "shop", "$remote_addr|$status"},
                                               {"logs.error.log", "nginx-error", "nginx-error"},
                                               {"logs.json.log", "json", "json"}}};
    auto const document = [&](transform& change, std::string_view tag, std::string_view line) {
        batch one;
        one.append(one.tag_index(tag), {.high = 1, .low = 2}, 0, line).received_ns = 1'769'823'099'995'000'000;
        change.apply(one);
        return one.rejections.empty() ? std::string{one.payload(one.events[0])} : one.rejections[0].reason;
    };
    for (std::string const format : {"auto", "combined", "json"}) {
        CAPTURE(format);
        options.table.format = format;
        auto const change = make_normalize(options);
        CHECK_THAT(document(*change, "t.logs.shop.log", "192.0.2.9|200"),
                   ContainsSubstring(R"("remote_ip":"192.0.2.9","response":200)"));
        CHECK_THAT(document(*change, "t.logs.json.log", R"({"request":"GET / HTTP/1.1"})"), ContainsSubstring("GET /"));
        // Text of none: it is carried whole, as by auto.
        CHECK_THAT(document(*change, "t.logs.json.log", "not so"), ContainsSubstring(R"("message":"not so")"));
        CHECK_THAT(document(*change, "t.logs.shop.log", "another line"), ContainsSubstring("another line"));
        CHECK_THAT(document(*change, "t.logs.error.log", "2026/11/29 10:00:01 [error] 7#7: *1 it failed"),
                   ContainsSubstring("it failed"));
        auto const combined = R"(192.0.2.7 - - [29/Nov/2026:10:00:01 +0000] "GET / HTTP/1.1" 200 7 "-" "curl")";
        CHECK_THAT(document(*change, "t.logs.other.log", combined),
                   ContainsSubstring(format == "json" ? "not a JSON object" : R"("remote_ip":"192.0.2.7")"));
        CHECK_THAT(change->status().target, ContainsSubstring("t.logs.shop.log: shop"));
    }
}
