// What each subcommand makes of its options: a pipeline.
#include "process.hpp"
#include "settings.hpp"
#include "subcommands.hpp"
#include "support/catch.hpp"
#include "support/scratch_folder.hpp"

#include <optional>

using namespace logpipe;
using namespace logpipe::cli;

namespace {

using flag_values = std::map<std::string, std::vector<std::string>, std::less<>>;

result<std::optional<pipeline_spec>> spec_of(std::string const& name, flag_values const& flags,
                                             argument_list const& rest = {}, std::string const& file = {}) {
    auto const options = settings::merge(name, flags, {}, file);
    if (!options) return options.error();
    return pipeline_of(*subcommand_of_name(name), *options, rest);
}

std::string drawn(std::string const& name, flag_values const& flags, argument_list const& rest = {},
                  std::string const& file = {}) {
    auto const spec = spec_of(name, flags, rest, file);
    return spec ? drawing_of(**spec) : spec.error().message;
}

}  // namespace

TEST_CASE("run is two hops around a journal, three with a broker", "[pipelines]") {
    CHECK(drawn("run", {{"data-dir", {"d"}}}) ==
          "receive  forward://127.0.0.1:24224 → journal:d/nginx-logs\n"
          "         dead letters → journal:d/nginx-logs.dlq\n"
          "index    journal:d/nginx-logs → normalize → sqlite:d/store.sqlite\n"
          "         dead letters → journal:d/nginx-logs.dlq\n");
    auto const spec = spec_of("run", {{"data-dir", {"d"}}, {"broker", {"kafka://b:9092/t"}}, {"from", {"demo:nginx"}}});
    REQUIRE(spec.has_value());
    auto const& hops = (*spec)->hops;
    REQUIRE(hops.size() == 3);
    CHECK(hops[0].from == "demo:nginx");
    CHECK(hops[0].source_failure_is_final);
    CHECK(hops[1].from == "journal:d/nginx-logs");
    CHECK(hops[1].to == "kafka://b:9092/t");
    CHECK(hops[1].group == "deliver");
    CHECK(hops[2].from == "kafka://b:9092/t");
    CHECK_FALSE(hops[2].opens_first);
}

TEST_CASE("what listens has no end: with --once it is refused", "[pipelines]") {
    CHECK_THAT(drawn("run", {{"once", {"on"}}}),
               ContainsSubstring("--once: forward://127.0.0.1:24224 waits for clients"));
    for (std::string const from : {"forward://:1", "syslog://:1", "ingest://:1", "tcp://:1"})
        CHECK_THAT(drawn("run", {{"once", {"on"}}, {"from", {"a.log", from}}}),
                   ContainsSubstring("--once: " + from + " waits for clients"));
    CHECK(spec_of("run", {{"once", {"on"}}, {"from", {"a.log", "demo:nginx"}}}).has_value());
}

TEST_CASE("run has a hop for each source, and keeps the positions of files", "[pipelines]") {
    auto const spec = spec_of("run", {{"data-dir", {"d"}}, {"from", {"/var/log/*.log", "demo:nginx"}}});
    REQUIRE(spec.has_value());
    auto const& hops = (*spec)->hops;
    REQUIRE(hops.size() == 3);
    CHECK(hops[0].name == "receive");
    CHECK(hops[0].group == "receive");
    CHECK_FALSE(hops[0].source_failure_is_final);
    CHECK(hops[1].name == "receive-2");
    CHECK(hops[1].group.empty());
    CHECK(hops[1].to == hops[0].to);
}

TEST_CASE("forward fills a journal by tags, and empties it unless told not to", "[pipelines]") {
    CHECK(drawn("forward", {{"journal", {"d"}}, {"route", {"audit.**=file:a.jsonl"}}}) ==
          "forward  forward://127.0.0.1:24224 → journal:d/nginx-logs  (tags app.**)\n"
          "         tags audit.** → file:a.jsonl\n"
          "         tags fluent.** → stdout:\n"
          "         dead letters → journal:d/nginx-logs.forward.dlq\n"
          "deliver  journal:d/nginx-logs → kafka://localhost:9092/nginx-logs\n"
          "         dead letters → journal:d/nginx-logs.forward.dlq\n");
    CHECK((*spec_of("forward", {{"to", {"none"}}}))->hops.size() == 1);
    CHECK_THAT(drawn("forward", {{"route", {"audit"}}}), ContainsSubstring("write it as PATTERN=URI"));
}

TEST_CASE("consume has the transform, index has not, and each its dead letters beside its topic", "[pipelines]") {
    CHECK_THAT(drawn("consume", {}), ContainsSubstring("→ normalize →"));
    CHECK_THAT(drawn("index", {}), !ContainsSubstring("normalize"));
    CHECK_THAT(drawn("consume", {{"from", {"journal:d/a"}}}),
               ContainsSubstring("dead letters → journal:d/a.consume.dlq"));
    CHECK_THAT(drawn("index", {{"from", {"kafka://b:1/t"}}}), ContainsSubstring("dead letters → kafka://b:1/t.dlq"));
    CHECK((*spec_of("consume", {{"threads", {"3"}}}))->hops.front().threads == 3);
    CHECK_THAT(drawn("consume", {{"threads", {"65"}}}), ContainsSubstring("threads: expected an integer from 1 to 64"));
    CHECK_THAT(drawn("consume", {{"threads", {"2"}}, {"from", {"journal:d/a"}}}),
               ContainsSubstring("only a Kafka topic can have several readers"));
    CHECK_THAT(drawn("consume", {{"from", {"journal:d/a"}}, {"to", {"journal:d/./a"}}}),
               ContainsSubstring("reads and writes journal:d/a"));
    CHECK((*spec_of("index", {{"once", {"on"}}}))->hops.front().until_end);
}

TEST_CASE("ship leaves out what Loki logs for each line", "[pipelines]") {
    CHECK_THAT(drawn("ship", {{"to", {"loki://loki:3100"}}}), ContainsSubstring("docker:?limited-services=loki →"));
    CHECK_THAT(drawn("ship", {{"to", {"loki://a:3100,b"}}}),
               ContainsSubstring("docker:?limited-services=a&limited-services=b →"));
    CHECK_THAT(drawn("ship", {{"from", {"docker:?project=a"}}, {"to", {"stdout:"}}}),
               ContainsSubstring("docker:?project=a → stdout:"));
}

TEST_CASE("run takes its hops from the configuration where it has some", "[pipelines]") {
    test::scratch_folder const folder;
    auto const file = folder.write("logpipe.toml",
                                   "data-dir = \"d\"\n"
                                   "[hops.receive]\nfrom = \"forward://:24225\"\nto = \"journal:d/audit\"\n"
                                   "[hops.audit]\nfrom = \"journal:d/audit\"\nto = \"file:audit.jsonl\"\n");
    CHECK(drawn("run", {}, {}, file) ==
          "receive  forward://:24225 → journal:d/audit\n"
          "         dead letters → journal:d/receive.dlq\n"
          "audit    journal:d/audit → file:audit.jsonl\n"
          "         dead letters → journal:d/audit.audit.dlq\n");
    CHECK_THAT(drawn("run", {{"once", {"on"}}}, {}, file), ContainsSubstring("--once: forward://:24225 waits for"));
    auto const files = folder.write("files.toml",
                                    "[hops.receive]\nfrom = \"a.log\"\nto = \"journal:d/audit\"\n"
                                    "[hops.audit]\nfrom = \"journal:d/audit\"\nto = \"file:audit.jsonl\"\n");
    auto const once = spec_of("run", {{"once", {"on"}}}, {}, files);
    REQUIRE(once.has_value());
    CHECK((*once)->hops[0].until_end);
    CHECK_FALSE((*once)->hops[1].until_end);  // it ends with what fills its journal
    CHECK((*once)->hops[1].group == "audit");
    CHECK_THAT(drawn("run", {{"store", {"sqlite:s"}}}, {}, file),
               ContainsSubstring("--store: the tables [hops.NAME] of the configuration say what runs"));
    auto const broken = folder.write("broken.toml", "[hops.a]\nfrom = \"forward://:1\"\n");
    CHECK_THAT(drawn("run", {}, {}, broken), ContainsSubstring("hop a: `to` is missing"));
}

TEST_CASE("a mistake in a source is reported as it was written, not as its dead letters are named after it",
          "[pipelines]") {
    for (std::string const from : {"kafka://h:9092", "kafka://h:99999/t", "kafka://h:9092/t?nosuch=1"}) {
        auto const options = settings::merge("consume", {{"from", {from}}}, {}, {});
        REQUIRE(options.has_value());
        auto const spec = pipeline_of(*subcommand_of_name("consume"), *options, {});
        REQUIRE(spec.has_value());
        shared_resources shared;
        auto const built = process{*options, **spec, shared}.build();
        REQUIRE(built.has_error());
        CHECK_THAT(built.error().message, ContainsSubstring(from + ": "));
    }
}
