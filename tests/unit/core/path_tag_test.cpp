#include "core/path_tag.hpp"

#include "support/catch.hpp"

using namespace logpipe;

TEST_CASE("a path in a tag has dots for its slashes, is UTF-8 and not too long", "[path_tag]") {
    CHECK(path_tag("/var/log/nginx/shop.log") == "var.log.nginx.shop.log");
    CHECK(path_tag("shop.log") == "shop.log");
    CHECK(path_tag("/var/\xff.log") == "var.?.log");
    auto const long_one = path_tag("/" + std::string(5'000, 'a') + "/b.log");
    CHECK(long_one.size() <= 1'000);
    CHECK(long_one.ends_with("a.b.log"));
}

TEST_CASE("a tag has the path in place of its star", "[path_tag]") {
    CHECK(tag_of_file("app.follow", "/a/b.log") == "app.follow");
    CHECK(tag_of_file("app.*", "/a/b.log") == "app.a.b.log");
    CHECK(tag_of_file("*.x", "/a/b.log") == "a.b.log.x");
}

TEST_CASE("a real path is absolute, without dots", "[path_tag]") {
    CHECK(real_path("/nowhere/./a/../b.log") == "/nowhere/b.log");
    CHECK(real_path("b.log").starts_with('/'));
}
