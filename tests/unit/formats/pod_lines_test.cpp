#include "formats/normalize.hpp"

#include "support/catch.hpp"

#include <string>
#include <string_view>

using namespace logpipe;
using namespace logpipe::formats;

namespace {

constexpr std::string_view a_tag = "app.pods.var.log.pods.shop_cart-5f9c.v2_0b1c-77.server.0.log";
constexpr std::string_view a_pod =
    R"("kubernetes":{"namespace_name":"shop","pod_name":"cart-5f9c.v2","pod_id":"0b1c-77","container_name":"server"})";

/// The document that a mapping makes of a line with the tag, or "rejected: WHY".
std::string made(std::string_view tag, std::string_view line, std::string_view toml = {}) {
    auto mapping = parse_mapping("name = \"m\"\n" + std::string{toml}, "m.toml");
    INFO((mapping ? "" : mapping.error().message));
    REQUIRE(mapping.has_value());
    batch one;
    one.append(one.tag_index(tag), {.high = 1, .low = 1}, 0, line);
    make_normalize({.table = mapping->table})->apply(one);
    if (!one.rejections.empty()) return "rejected: " + one.rejections[0].reason;
    return std::string{one.payload(one.events[0])};
}

/// The document that a line with nothing else in it becomes.
std::string whose(std::string_view tag) {
    return made(tag, "{}");
}

}  // namespace

TEST_CASE("a document says of which pod and container its line is, by the path in the tag", "[normalize]") {
    CHECK(whose(a_tag) == "{" + std::string{a_pod} + "}");
    CHECK(
        whose("var.log.pods.kube-system_etcd-node1_31e7.etcd.12.log") ==
        R"({"kubernetes":{"namespace_name":"kube-system","pod_name":"etcd-node1","pod_id":"31e7","container_name":"etcd"}})");
    CHECK(whose("var.log.pods.shop_x.var.log.pods.y_31e7.server.0.log").contains(R"("pod_name":"x.var.log.pods.y")"));
    CHECK(made(a_tag, R"(2026-01-31T00:00:00.000000001Z stderr F {"a":1})", "format = \"auto\"") ==
          "{" + std::string{a_pod} + R"(,"envelope_time":"2026-01-31T00:00:00.000000001Z","stream":"stderr","a":1})");
}

TEST_CASE("a tag that is not the path of a pod's log adds nothing", "[normalize]") {
    for (auto const* tag : {"app.follow.var.log.nginx.access.log", "var.log.pods.shop_cart_0b1c.server.0.txt",
                            "var.log.pods.shop_cart_0b1c.server.log", "var.log.pods.shop_cart.server.0.log",
                            "var.log.pods._cart_0b1c.server.0.log", "var.log.pods.shop_ca\"rt_0b1c.server.0.log",
                            "myvar.log.pods.shop_cart_0b1c.server.0.log", "var.log.pods.shop_cart_0b1c.server.new.log",
                            "var.log.pods.", "var.log.pods..log", ""}) {
        CAPTURE(tag);
        CHECK(whose(tag) == "{}");
    }
}

TEST_CASE("lines of pods and others may come in turn", "[normalize]") {
    batch mixed;
    auto const pods = mixed.tag_index(a_tag);
    auto const others = mixed.tag_index("app.other");
    for (auto const tag : {pods, others, pods}) mixed.append(tag, {.high = 1, .low = 1}, 0, R"({"a":1})");
    make_normalize({.table = parse_mapping("name = \"m\"", "m.toml")->table})->apply(mixed);
    CHECK(mixed.payload(mixed.events[0]) == "{" + std::string{a_pod} + R"(,"a":1})");
    CHECK(mixed.payload(mixed.events[1]) == R"({"a":1})");
    CHECK(mixed.payload(mixed.events[2]) == mixed.payload(mixed.events[0]));
}

TEST_CASE("a line cannot say that it is of another pod", "[normalize]") {
    CHECK(made(a_tag, R"({"kubernetes":{"pod_name":"other"},"a":1})") ==
          "{" + std::string{a_pod} + R"(,"kubernetes_original":{"pod_name":"other"},"a":1})");
}

TEST_CASE("a mapping takes the pod's names as if the line had them, or leaves them out", "[normalize]") {
    CHECK(made(a_tag, R"({"a":1})", R"(
        [[field]]
        path = "resource.pod"
        from = "kubernetes.pod_name"
        [[field]]
        path = "a"
        from = "a")") == R"({"resource":{"pod":"cart-5f9c.v2"},"a":1,)" + std::string{a_pod} + "}");
    CHECK(made(a_tag, R"({"a":1})", "drop-rest = true") == "{}");
}
