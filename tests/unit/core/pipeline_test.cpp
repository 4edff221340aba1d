#include "logpipe/pipeline.hpp"

#include "support/catch.hpp"

using namespace logpipe;

namespace {

hop_spec hop(std::string name, std::string from, std::string to) {
    return {.name = std::move(name), .from = std::move(from), .to = std::move(to), .dead_letters = {}};
}

std::string why_not(std::vector<hop_spec> hops) {
    auto const good = check({.name = "run", .hops = std::move(hops)});
    return good ? std::string{} : good.error().message;
}

}  // namespace

TEST_CASE("a URI is shown without name and password", "[pipeline]") {
    CHECK(without_login("http://me:sesame@host:80/a@b?c") == "http://...@host:80/a@b?c");
    CHECK(without_login("http://host/a@b") == "http://host/a@b");
    CHECK(without_login("http://host?a=b@c") == "http://host?a=b@c");
    CHECK(without_login("http://a@b@host/") == "http://...@host/");
    CHECK(without_login("file:/a/b@c") == "file:/a/b@c");
    CHECK(without_login("demo:nginx?lines=5") == "demo:nginx?lines=5");
}

TEST_CASE("hops meet where they name the same target, however it is written", "[pipeline]") {
    CHECK(target_of("journal:data/./nginx-logs?group=a") == "journal:data/nginx-logs");
    CHECK(target_of("kafka://b:9092/t?start=end") == "kafka://b:9092/t");
    CHECK(feeds(hop("a", "forward://:1", "journal:data//x"), hop("b", "journal:data/x", "stdout:")));
    CHECK_FALSE(feeds(hop("a", "forward://:1", "journal:data/y"), hop("b", "journal:data/x", "stdout:")));
    auto routed = hop("a", "forward://:1", "stdout:");
    routed.routes.push_back({.tags = "audit.**", .to = "journal:data/x"});
    CHECK(feeds(routed, hop("b", "journal:data/x", "stdout:")));
}

TEST_CASE("a pipeline that cannot run says why", "[pipeline]") {
    CHECK(why_not({hop("a", "forward://:1", "journal:x"), hop("b", "journal:x", "sqlite:y")}).empty());
    CHECK_THAT(why_not({}), ContainsSubstring("at least one hop"));
    CHECK_THAT(why_not({hop("", "a", "b")}), ContainsSubstring("no name"));
    CHECK_THAT(why_not({hop("a", "x", "y"), hop("a", "z", "y")}), ContainsSubstring("two hops have the name a"));
    CHECK_THAT(why_not({hop("a", "", "y")}), ContainsSubstring("hop a: `from` is missing"));
    CHECK_THAT(why_not({hop("a", "x", "")}), ContainsSubstring("hop a: `to` is missing"));
    auto many = hop("a", "journal:x", "stdout:");
    many.threads = 2;
    CHECK_THAT(why_not({many}), ContainsSubstring("hop a: threads: only a Kafka topic can have several readers"));
    many.from = "kafka://b/t";
    CHECK(why_not({many}).empty());
    many.threads = 0;
    CHECK_THAT(why_not({many}), ContainsSubstring("hop a: threads: expected an integer from 1 to 64"));
    CHECK_THAT(why_not({hop("a", "kafka://b/t", "kafka://b/t?x=1")}),
               ContainsSubstring("reads and writes kafka://b/t"));
    CHECK_THAT(why_not({hop("a", "journal:x", "journal:y"), hop("b", "journal:y", "journal:z"),
                        hop("c", "journal:z", "journal:x")}),
               ContainsSubstring("comes back to journal:x"));
}

TEST_CASE("a pipeline is drawn for people, a hop a line, without secrets", "[pipeline]") {
    auto receive = hop("receive", "forward://0.0.0.0:24224", "journal:data/nginx-logs");
    receive.tags = "app.**";
    receive.routes = {{.tags = "audit.**", .to = "http://me:sesame@host/x"}};
    auto index = hop("index", "journal:data/nginx-logs", "sqlite:data/store.sqlite");
    index.transform = "normalize";
    index.threads = 2;
    index.dead_letters = "journal:data/nginx-logs.dlq";
    CHECK(drawing_of({.name = "run", .hops = {receive, index}}) ==
          "receive  forward://0.0.0.0:24224 → journal:data/nginx-logs  (tags app.**)\n"
          "         tags audit.** → http://...@host/x\n"
          "index    journal:data/nginx-logs → normalize → sqlite:data/store.sqlite  (2 threads)\n"
          "         dead letters → journal:data/nginx-logs.dlq\n");
}
