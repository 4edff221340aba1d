#include "settings.hpp"

#include "core/nearest.hpp"
#include "core/options.hpp"
#include "subcommands.hpp"
#include "support/catch.hpp"

#include <filesystem>
#include <fstream>
#include <random>
#include <set>

using namespace logpipe;
using namespace logpipe::cli;

namespace {

using flag_values = std::map<std::string, std::vector<std::string>, std::less<>>;
using variables = std::map<std::string, std::string, std::less<>>;

/// A configuration file that is gone with the object.
class config_file final {
  public:
    explicit config_file(std::string const& text)
        : path_{std::filesystem::temp_directory_path() /
                ("logpipe-settings-" + std::to_string(std::random_device{}()) + ".toml")} {
        std::ofstream{path_} << text;
    }
    ~config_file() { std::filesystem::remove(path_); }
    config_file(config_file const&) = delete;
    config_file& operator=(config_file const&) = delete;
    [[nodiscard]] std::string path() const { return path_.string(); }

  private:
    std::filesystem::path path_;
};

}  // namespace

TEST_CASE("a flag beats the variable, which beats the file, which beats the default", "[settings]") {
    config_file const file{"drain-timeout = \"1s\"\nlisten = \"file:1\"\n[forward]\ntopic = \"from-file\"\n"};
    variables const environment{{"LOGPIPE_LISTEN", "variable:1"}, {"LOGPIPE_GROUP", "variable"}};
    flag_values const flags{{"group", {"flag"}}};
    auto const merged = settings::merge("forward", flags, environment, file.path());
    REQUIRE(merged.has_value());
    CHECK(merged->text("group") == "flag");
    CHECK(merged->all().at("group").origin == "--group");
    CHECK(merged->text("listen") == "variable:1");
    CHECK(merged->all().at("listen").origin == "LOGPIPE_LISTEN");
    CHECK(merged->text("topic") == "from-file");
    CHECK(merged->duration("drain-timeout") == std::chrono::seconds{1});
    CHECK(merged->all().at("drain-timeout").origin == file.path());
    CHECK(merged->text("log-level") == "info");
    CHECK(merged->all().at("log-level").origin == "default");
}

TEST_CASE("a subcommand's own table in the file beats the keys at its top", "[settings]") {
    config_file const file{"listen = \"top:1\"\n[serve]\nlisten = \"own:1\"\n"};
    CHECK(settings::merge("serve", {}, {}, file.path())->text("listen") == "own:1");
    CHECK(settings::merge("forward", {}, {}, file.path())->text("listen") == "top:1");
}

TEST_CASE("an unknown key is an error that names the nearest right one and its line", "[settings]") {
    config_file const top{"\njournal-byte-max = \"1G\"\n"};
    auto const merged = settings::merge("forward", {}, {}, top.path());
    REQUIRE(merged.has_error());
    CHECK(merged.error().code == errc::invalid_argument);
    CHECK_THAT(merged.error().message,
               ContainsSubstring(":2: unknown key \"journal-byte-max\"; did you mean \"journal-bytes-max\"?"));

    config_file const table{"[forwad]\nlisten = \"x:1\"\n"};
    CHECK_THAT(settings::merge("forward", {}, {}, table.path()).error().message,
               ContainsSubstring("did you mean \"forward\"?"));

    config_file const foreign{"[index]\nlisten = \"x:1\"\n"};
    CHECK_THAT(settings::merge("forward", {}, {}, foreign.path()).error().message,
               ContainsSubstring("unknown key \"listen\""));
}

TEST_CASE("a broken or missing file is an error that says where", "[settings]") {
    config_file const broken{"listen = \n"};
    CHECK_THAT(settings::merge("forward", {}, {}, broken.path()).error().message, ContainsSubstring(":1:"));
    for (auto const* text : {"[|", "once = ä\n", "ä = 1\n"}) {  // what toml++ asserts, or takes for impossible
        config_file const odd{text};
        CHECK_THAT(settings::merge("forward", {}, {}, odd.path()).error().message, ContainsSubstring(":1:"));
    }
    CHECK(settings::merge("forward", {}, {}, "/nonexistent/logpipe.toml").has_error());
    config_file const nested{"[forward]\nroute = [[1]]\n"};
    CHECK_THAT(settings::merge("forward", {}, {}, nested.path()).error().message, ContainsSubstring("plain values"));
    config_file const several{"journal-bytes-max = [\"1G\", \"2G\"]\n"};
    CHECK_THAT(settings::merge("forward", {}, {}, several.path()).error().message,
               ContainsSubstring(":1: journal-bytes-max: expected one value, not a list"));
}

TEST_CASE("a value that does not fit its option is refused with its origin", "[settings]") {
    auto const refused = [](std::string const& name, std::string const& value) {
        auto const merged = settings::merge("forward", {{name, {value}}}, {}, "");
        return merged ? std::string{"accepted"} : merged.error().message;
    };
    CHECK_THAT(refused("journal-full", "explode"),
               ContainsSubstring("--journal-full: invalid value \"explode\": expected block|drop-oldest"));
    CHECK_THAT(refused("drain-timeout", "soon"), ContainsSubstring("--drain-timeout: \"soon\""));
    CHECK_THAT(refused("journal-bytes-max", "8X"), ContainsSubstring("has no known unit"));
    CHECK(refused("connections-max", "-1") == "--connections-max: invalid value \"-1\": expected an integer");
    CHECK(refused("connections-max", "0") == "--connections-max: invalid value \"0\": expected at least 1");
    CHECK(refused("replication", "40000") == "--replication: invalid value \"40000\": expected at most 32767");
    CHECK(refused("flush-threads", "6") == "--flush-threads: invalid value \"6\": expected at most 5");
    CHECK_THAT(refused("bulk-bytes-max", "0"), ContainsSubstring("expected at least 1"));
    CHECK_THAT(refused("document-retry-time", "8d"), ContainsSubstring("expected at most 7d"));
    CHECK_THAT(refused("connect-timeout", "0"), ContainsSubstring("expected at least 1ms"));
    CHECK(refused("connections-max", "12") == "accepted");
}

TEST_CASE("lists keep all their values, from flags and from the file", "[settings]") {
    CHECK(settings::merge("forward", {{"route", {"a.**=stdout:", "b.**=-"}}}, {}, "")->list("route").size() == 2);
    config_file const file{"route = [\"a.**=stdout:\", \"b.**=-\"]\n"};
    CHECK(settings::merge("forward", {}, {}, file.path())->list("route").size() == 2);
    CHECK(settings::merge("forward", {}, {}, "")->list("route").empty());
}

TEST_CASE("a secret is the first line of its file", "[settings]") {
    config_file const key{"sesame\nmore\n"};
    CHECK(secret_line(*settings::merge("forward", {{"shared-key-file", {key.path()}}}, {}, ""), "shared-key-file")
              .value() == "sesame");
    CHECK(secret_line(*settings::merge("forward", {}, {}, ""), "shared-key-file").value().empty());
    CHECK(secret_line(*settings::merge("forward", {{"shared-key-file", {"/nonexistent"}}}, {}, ""), "shared-key-file")
              .has_error());
}

TEST_CASE("durations and sizes are read with their units", "[values]") {
    CHECK(parse_duration("500ms").value() == std::chrono::milliseconds{500});
    CHECK(parse_duration("2h").value() == std::chrono::hours{2});
    CHECK(parse_duration("7d").value() == std::chrono::hours{168});
    CHECK(parse_duration("0").value() == std::chrono::milliseconds{0});
    CHECK(parse_duration("5").has_error());
    CHECK(parse_duration("-5s").has_error());
    CHECK(parse_duration("99999999999999d").has_error());
    CHECK(parse_bytes("4096").value() == 4096);
    CHECK(parse_bytes("64KiB").value() == 65536);
    CHECK(parse_bytes("1G").value() == 1U << 30U);
    CHECK(parse_bytes("lots").has_error());
}

TEST_CASE("the nearest name is found, and none where none is near", "[values]") {
    std::vector<std::string_view> const names{"listen", "topic", "journal"};
    CHECK(nearest("lisen", names) == "listen");
    CHECK(nearest("xyzzy-quux", names).empty());
}

TEST_CASE("every option row belongs to subcommands that exist, once each, and its default fits", "[settings]") {
    auto const names = subcommand_names();
    for (auto const name : names) {
        std::set<std::string_view> seen;
        for (auto const& row : options_of(name)) {
            INFO(name << " --" << row.name);
            CHECK(seen.insert(row.name).second);
            if (row.kind != option_kind::list && !row.fallback.empty())
                CHECK(check_value(row, row.fallback).has_value());
        }
        auto const merged = settings::merge(std::string{name}, {}, {}, "");
        INFO((merged ? "" : merged.error().message));
        CHECK(merged.has_value());
    }
}

TEST_CASE("a secret comes from a file or from a variable, and not from both", "[settings]") {
    config_file const file{"from-file\nsecond line\n"};
    flag_values const flags{{"kafka-password-file", {file.path()}}};
    variables const environment{{"LOGPIPE_KAFKA_PASSWORD", "from-variable"}};
    CHECK(secret_line(*settings::merge("consume", flags, {}, ""), "kafka-password-file").value() == "from-file");
    CHECK(secret_line(*settings::merge("consume", {}, environment, ""), "kafka-password-file").value() ==
          "from-variable");
    CHECK(secret_line(*settings::merge("consume", {}, {}, ""), "kafka-password-file").value().empty());
    auto const both = secret_line(*settings::merge("consume", flags, environment, ""), "kafka-password-file");
    REQUIRE(both.has_error());
    CHECK_THAT(both.error().message, ContainsSubstring("both --kafka-password-file and LOGPIPE_KAFKA_PASSWORD"));
}

TEST_CASE("a variable's secret has no line end, as one that was read from a file of any system", "[settings]") {
    for (auto const* held : {"sesame", "sesame\n", "sesame\r\n", "sesame\r"}) {
        variables const environment{{"LOGPIPE_KAFKA_PASSWORD", held}};
        CHECK(secret_line(*settings::merge("consume", {}, environment, ""), "kafka-password-file").value() == "sesame");
    }
}

TEST_CASE("Kafka's password is taken from a file or its variable only, wherever it is written", "[settings]") {
    config_file const file{"kafka = [\"linger.ms=5\", \"sasl.password=open sesame\"]\n"};
    for (auto const& merged : {settings::merge("consume", {{"kafka", {"sasl.password=open sesame"}}}, {}, ""),
                               settings::merge("consume", {}, {{"LOGPIPE_KAFKA", "sasl.password=open sesame"}}, ""),
                               settings::merge("consume", {}, {}, file.path())}) {
        REQUIRE(merged.has_error());
        CHECK_THAT(merged.error().message,
                   ContainsSubstring("--kafka-password-file") && !ContainsSubstring("open sesame"));
    }
    CHECK(settings::merge("consume", {{"kafka", {"sasl.mechanism=PLAIN", "linger.ms=5"}}}, {}, "").has_value());
}

TEST_CASE("a secret of several lines is all of its file, or what a variable holds", "[settings]") {
    config_file const file{"alice:a\nbob:b\n"};
    flag_values const flags{{"users-file", {file.path()}}};
    variables const environment{{"LOGPIPE_USERS", "carol:c\ndave:d"}};
    CHECK(settings::merge("forward", flags, {}, "")->secret("users-file").value() == "alice:a\nbob:b\n");
    CHECK(settings::merge("forward", {}, environment, "")->secret("users-file").value() == "carol:c\ndave:d");
    CHECK(settings::merge("forward", {}, {}, "")->secret("users-file").value().empty());
    CHECK(settings::merge("forward", flags, environment, "")->secret("users-file").has_error());
}

TEST_CASE("the reference page of options has the table that the options make", "[settings]") {
    std::ifstream file{std::string{LOGPIPE_TESTS_FOLDER} + "/../docs/reference/options.md"};
    std::string const page{std::istreambuf_iterator<char>{file}, {}};
    INFO("replace the table in docs/reference/options.md by what `logpipe check --show-options` prints:\n"
         << options_markdown());
    CHECK(page.ends_with("\n\n" + options_markdown()));
}

TEST_CASE("tables of hops are read in the order of the file, and checked", "[settings]") {
    config_file const file{
        "data-dir = \"d\"\n"
        "[hops.zebra]\nfrom = \"forward://:24224\"\nto = \"journal:d/a\"\ntags = \"app.**\"\n"
        "route = { \"audit.**\" = \"file:audit.jsonl\" }\n"
        "[hops.ant]\nfrom = \"journal:d/a\"\ntransform = \"normalize:?timestamp=event\"\nto = \"sqlite:d/s\"\n"
        "group = \"mine\"\nthreads = 2\ndead-letters = \"journal:d/dead\"\n"};
    auto const merged = settings::merge("run", {}, {}, file.path());
    REQUIRE(merged.has_value());
    REQUIRE(merged->hops().size() == 2);
    auto const& [zebra, ant] = std::pair{merged->hops()[0], merged->hops()[1]};
    CHECK(zebra.name == "zebra");
    CHECK(zebra.tags == "app.**");
    CHECK(zebra.routes == std::vector<route_spec>{{.tags = "audit.**", .to = "file:audit.jsonl"}});
    CHECK(ant.from == "journal:d/a");
    CHECK(ant.transform == "normalize:?timestamp=event");
    CHECK(ant.group == "mine");
    CHECK(ant.threads == 2);
    CHECK(ant.dead_letters == "journal:d/dead");
    CHECK(settings::merge("forward", {}, {}, file.path()).has_value());  // one file serves many processes

    auto const fault = [](std::string const& text) {
        config_file const bad{text};
        return settings::merge("run", {}, {}, bad.path()).error().message;
    };
    CHECK_THAT(fault("[hops.a]\nform = \"x\"\n"),
               ContainsSubstring(":2: unknown key \"form\"; did you mean \"from\"?"));
    CHECK_THAT(fault("[hops.a]\nfrom = 3\n"), ContainsSubstring(":2: from: expected a string"));
    CHECK_THAT(fault("[hops.a]\nthreads = 0\n"), ContainsSubstring(":2: threads: expected an integer from 1 to 64"));
    CHECK_THAT(fault("[hops]\na = 1\n"), ContainsSubstring(":2: hops.a: expected a table"));
}
