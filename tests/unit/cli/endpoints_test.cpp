#include "endpoints.hpp"

#include "core/end_uri.hpp"
#include "progress.hpp"
#include "support/catch.hpp"
#include "transfer.hpp"

using namespace logpipe;
using namespace logpipe::cli;
using namespace logpipe::journal;

namespace {

hop_spec reading(std::string uri) {
    return {.name = "test", .from = std::move(uri), .to = "stdout:", .dead_letters = {}};
}

}  // namespace

TEST_CASE("a URI that names no end says which there are", "[endpoints]") {
    auto const options = settings::merge("produce", {}, {}, "");
    REQUIRE(options.has_value());
    shared_resources shared;
    endpoints ends{*options, shared};
    auto const source = ends.make_source(reading("ftp://host/file"));
    REQUIRE(source.has_error());
    CHECK(source.error().code == errc::invalid_argument);
    CHECK_THAT(
        source.error().message,
        ContainsSubstring("\"ftp:\" cannot be a source; did you mean \"http:\"? available: file:, http:, https:, "));
    CHECK_THAT(ends.make_sink("demo:nginx").error().message, ContainsSubstring("cannot be a sink"));
    CHECK_THAT(ends.make_source(reading("demo:nginx?colour=red")).error().message,
               ContainsSubstring("unknown parameter \"colour\""));
    CHECK_THAT(ends.make_source(reading("demo:nginx?lines=many")).error().message,
               ContainsSubstring("lines: invalid value \"many\": expected an integer"));
    CHECK_THAT(
        ends.make_source(reading("forward://h:99999")).error().message,
        ContainsSubstring("forward://h:99999: invalid address \"h:99999\": expected HOST:PORT; the port must be"));
    CHECK_THAT(ends.make_source(reading("demo:apache")).error().message, ContainsSubstring("there is demo:nginx"));
}

TEST_CASE("a URI's parameters are its end's options, over those of flags", "[endpoints]") {
    auto const options = settings::merge("consume", {{"compression", {"zstd"}}}, {}, "");
    REQUIRE(options.has_value());
    auto const of = [&](std::string const& uri) {
        auto const parsed = parse_uri(uri).value();
        return end_values::of(parsed, options_of(*end_of_scheme(parsed.scheme)), *options);
    };
    auto const given = of("kafka://b:9092/t?compression=gzip&start=end&kafka=a.b=c");
    REQUIRE(given.has_value());
    CHECK(given->text("compression") == "gzip");
    CHECK_FALSE(given->is_default("start"));
    CHECK(given->list("kafka") == std::vector<std::string>{"a.b=c"});
    CHECK(of("kafka://b:9092/t")->text("compression") == "zstd");
    CHECK_THAT(of("kafka://b:9092/t?compresion=gzip").error().message,
               ContainsSubstring("did you mean \"compression\"?"));
    CHECK_THAT(of("kafka://b:9092/t?flush-threads=6").error().message, ContainsSubstring("expected at most 5"));
    CHECK_THAT(of("kafka://b:9092/t?kafka=sasl.password=x").error().message, ContainsSubstring("is a secret"));
    CHECK_THAT(of("journal:data/a?b=c").error().message, ContainsSubstring("%3F"));
}

TEST_CASE("an option of an end that is not used is an error, from a flag or the subcommand's own table",
          "[endpoints]") {
    std::vector<used_end> const used{{"kafka://b:1/t", end_role::source}, {"sqlite:s", end_role::sink}};
    auto const check = [&](std::map<std::string, std::vector<std::string>, std::less<>> const& flags,
                           std::map<std::string, std::string, std::less<>> const& environment = {}) {
        auto const options = settings::merge("index", flags, environment, "");
        REQUIRE(options.has_value());
        return options->check_used(used);
    };
    CHECK(check({{"session-timeout", {"1m"}}, {"full-text", {"no"}}, {"threads", {"2"}}}).has_value());
    auto const bad = check({{"bulk-bytes-max", {"2M"}}});
    REQUIRE(bad.has_error());
    CHECK(bad.error().code == errc::invalid_argument);
    CHECK(bad.error().message == "--bulk-bytes-max: an option of OpenSearch as a sink, which this index does not use");
    CHECK(check({}, {{"LOGPIPE_BULK_BYTES_MAX", "2M"}}).has_value());  // variables are shared by many processes
}

TEST_CASE("exactly one source of lines is taken", "[endpoints]") {
    auto const with = [](std::map<std::string, std::vector<std::string>, std::less<>> const& flags,
                         std::string const& argument) {
        return source_uri_of(*settings::merge("produce", flags, {}, ""), argument);
    };
    CHECK(with({{"file", {"a"}}}, "").value() == "file:a");
    CHECK(with({{"demo", {"lines=1"}}}, "").value() == "demo:nginx?lines=1");
    CHECK(with({}, "-").value() == "-");
    CHECK(with({}, "").has_error());
    CHECK(with({{"file", {"a"}}, {"url", {"http://b"}}}, "").has_error());
    CHECK(source_uri_of(*settings::merge("serve", {{"demo", {"lines=1"}}}, {}, ""), "").value() ==
          "demo:nginx?lines=1");
    CHECK_THAT(source_uri_of(*settings::merge("serve", {}, {}, ""), "").value(), ContainsSubstring("nginx_json_logs"));
}

TEST_CASE("progress shows share, rate and time left where they are known", "[progress]") {
    CHECK_THAT(progress_line(500, 0.5, 100), ContainsSubstring(" 50 %  500 lines acked  100/s  5 s left"));
    CHECK(progress_line(7, -1, 3) == "7 lines acked  3/s");
}

TEST_CASE("the bar of progress is of the lines that are acked, not of those that were read", "[progress]") {
    pump_snapshot now;
    now.read_progress = {.read = 1000, .total = 1000};
    now.this_run = {.in = 100};
    CHECK(share_acked(now) == 0.0);
    now.this_run.indexed = 25;
    CHECK(share_acked(now) == 0.25);
    now.read_progress->read = 500;
    CHECK(share_acked(now) == 0.125);
    now.read_progress = {.read = 100, .total = 200, .unit = source_progress::measure::events};
    CHECK(share_acked(now) == 0.125);
    now.this_run.dead = 75;
    CHECK(share_acked(now) == 0.5);
    now.read_progress.reset();
    CHECK(share_acked(now) < 0.0);
}
