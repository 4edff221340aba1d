// Redactions, and rules that drop and sample.
#include "document_policy.hpp"

#include "support/catch.hpp"

#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <string>
#include <string_view>

using namespace logpipe;
using namespace logpipe::formats;

namespace {

constexpr std::string_view key = "0123456789abcdef0123456789abcdef";

document_mapping nginx_and(std::string_view more) {
    auto text = to_toml(nginx_mapping());
    auto const made = parse_mapping(text.insert(text.find("\n[store]"), "\n" + std::string{more}), "m.toml");
    INFO((made ? "" : made.error().message));
    REQUIRE(made.has_value());
    return *made;
}

std::string mistakes(std::string_view more) {
    auto text = to_toml(nginx_mapping());
    auto const made = parse_mapping(text.insert(text.find("\n[store]"), "\n" + std::string{more}), "m.toml");
    REQUIRE_FALSE(made.has_value());
    return made.error().message;
}

class lines {
  public:
    explicit lines(std::string_view policy) {
        normalize_options options{.table = nginx_and(policy).table};
        for (auto const& each : options.table.redactions)
            options.redaction_keys.emplace_back(each.how == redaction_kind::hash ? key : "");
        change_ = make_normalize(std::move(options));
    }

    batch const& run(std::vector<std::string> const& all) {
        batch_.clear();
        for (std::size_t i = 0; i < all.size(); ++i)
            batch_.append(batch_.tag_index("app"), {.high = 7, .low = i}, 0, all[i]).received_ns = 1;
        batch_.counts.in = all.size();
        change_->apply(batch_);
        return batch_;
    }
    std::string made(std::string const& line) {
        auto const& all = run({line});
        if (!all.rejections.empty()) return "rejected: " + all.rejections.front().reason;
        return all.events.empty() ? "dropped" : std::string{all.payload(all.events.front())};
    }
    std::map<std::string, double> dropped() const {
        std::map<std::string, double> by_rule;
        for (auto const& each : change_->status().metrics)
            if (!each.rule.empty()) by_rule[each.rule] = each.value;
        return by_rule;
    }

  private:
    std::unique_ptr<transform> change_;
    batch batch_;
};

std::string redact(std::string_view field, std::string_view how) {
    return "[[redact]]\nfield = \"" + std::string{field} + "\"\nhow = \"" + std::string{how} + "\"\n" +
           (how == "hash" ? "key-file = \"k\"\n" : "");
}

std::string combined(std::string_view ip, std::string_view request = "GET / HTTP/1.1", std::string_view agent = "c") {
    return std::string{ip} + " - anna [31/Jan/2026:01:31:39 +0000] \"" + std::string{request} + "\" 200 7 \"-\" \"" +
           std::string{agent} + '"';
}

}  // namespace

TEST_CASE("a masked address is its network, and any other text three asterisks", "[policy]") {
    CHECK(masked("192.0.2.7") == "192.0.2.0");
    CHECK(masked("2001:db8:1:2:3:4:5:6") == "2001:db8:1::");
    CHECK(masked("2001:db8::1") == "2001:db8::");
    CHECK(masked("::ffff:192.0.2.7") == "::ffff:192.0.2.0");
    for (auto const* other : {"", "-", "anna", "192.0.2.7:80", "192.0.2.7, 192.0.2.8", "unix:", "192.0.2.0007"})
        CHECK(masked(other) == "***");
    CHECK(masked(std::string(1000, '1')) == "***");
}

TEST_CASE("a keyed hash is HMAC-SHA256, cut to 16 bytes", "[policy]") {
    // RFC 4231, test case 2.
    CHECK(keyed_hash("Jefe", "what do ya want for nothing?") == "5bdcc146bf60754e6a042426089575c7");
}

TEST_CASE("a field that is redacted is so under whatever key the line has it", "[policy]") {
    lines change{redact("ip", "mask")};
    CHECK(change.made(combined("192.0.2.7")).contains(R"("remote_ip":"192.0.2.0")"));
    for (auto const* line : {
             R"({"remote_ip":"192.0.2.7","status":200})",
             R"({"remote_addr":"192.0.2.7","status":200})",
             R"({"remote_ip":"192.0.2.7","remote_addr":"192.0.2.7","clientip":"192.0.2.7","status":200})",
             R"({"client":{"ip":"192.0.2.7","port":1},"status":200})",
             R"({"client.ip":"192.0.2.7","status":200,"source.ip":"192.0.2.7"})",
             R"({"request":{"remote_ip":"192.0.2.7","client_ip":"192.0.2.7","method":"GET","uri":"/"},"status":200})",
             R"({"attributes":{"client.address":"192.0.2.7"},"status":200})",
             R"({"remote\u005faddr":"192.0.2.7","remote_ip":"192.0.2.7","status":200})",
             R"({"log":"{\"remote_addr\":\"192.0.2.7\",\"status\":200}"})",
         }) {
        auto const made = change.made(line);
        CAPTURE(line, made);
        CHECK_FALSE(made.contains("192.0.2.7"));
        CHECK(made.contains("192.0.2.0"));
    }
    CHECK(change.made(R"({"client":{"ip":"192.0.2.7","port":1},"status":200})").contains(R"("port":1)"));
}

TEST_CASE("a redacted key of the line is in no other place of the document", "[policy]") {
    lines change{redact("request_uri", "drop") + redact("session", "drop") + redact("user.email", "mask")};
    auto const made =
        change.made(R"({"request_method":"GET","request_uri":"/?t=secret","status":200,)"
                    R"("session":{"id":"secret"},"user":{"email":"secret","id":7},"user.email":"secret"})");
    CAPTURE(made);
    CHECK_FALSE(made.contains("secret"));
    CHECK_FALSE(made.contains("session"));
    CHECK(made.contains(R"("user":{"email":"***","id":7})"));
    CHECK(made.contains(R"("response":200)"));
}

TEST_CASE("a hash is the same for equal values, and not the value", "[policy]") {
    lines change{redact("remote_user", "hash")};
    auto const wanted = "\"remote_user\":\"" + keyed_hash(key, "anna") + '"';
    CHECK(change.made(combined("192.0.2.7")).contains(wanted));
    CHECK(change.made(R"({"remote_user":"\u0061nna","status":200})").contains(wanted));
    CHECK(change.made(R"({"remote_user":null,"status":200})").contains(R"("remote_user":null)"));
}

TEST_CASE("a rule drops the events whose field has one of its texts, and counts them", "[policy]") {
    lines change{
        "[[rule]]\nname = \"health\"\nfield = \"request\"\nbegins = [\"GET /health\", \"GET /ready\"]\n"
        "[[rule]]\nname = \"bots\"\nfield = \"agent\"\ncontains = \"bot\"\n"
        "[[rule]]\nname = \"debug\"\nfield = \"level\"\nequals = \"debug\"\n"};
    auto const& made = change.run(
        {combined("192.0.2.1", "GET /health HTTP/1.1"), combined("192.0.2.2"), "",
         combined("192.0.2.3", "GET /ready HTTP/1.1", "a bot"), combined("192.0.2.4", "GET / HTTP/1.1", "a bot"),
         R"({"remote_ip":"192.0.2.5","level":"debug"})", R"({"remote_ip":"192.0.2.6","level":"info"})"});
    REQUIRE(made.events.size() == 3);
    CHECK(made.payload(made.events[0]).contains("192.0.2.2"));
    CHECK(made.events[1].rejected);
    REQUIRE(made.rejections.size() == 1);
    CHECK(made.rejections[0].event == 1);
    CHECK(made.payload(made.events[2]).contains("192.0.2.6"));
    CHECK(made.counts.in == 7);
    CHECK(made.counts.dropped == 4);
    CHECK(change.dropped() == std::map<std::string, double>{{"health", 2}, {"bots", 1}, {"debug", 1}});
}

TEST_CASE("a rule sees what a redaction hides", "[policy]") {
    lines change{redact("remote_user", "drop") +
                 "[[rule]]\nname = \"anna\"\nfield = \"remote_user\"\nequals = \"anna\"\n"};
    CHECK(change.made(combined("192.0.2.7")) == "dropped");
}

TEST_CASE("a sampling rule keeps its share, the same events each time", "[policy]") {
    lines change{"[[rule]]\nname = \"half\"\nfield = \"request\"\nbegins = \"GET\"\nkeep = 0.25\n"};
    std::vector<std::string> const all(4000, combined("192.0.2.7"));
    auto const ids = [&] {
        std::vector<event_id> kept;
        for (auto const& each : change.run(all).events) kept.push_back(each.id);
        return kept;
    };
    auto const first = ids();
    CHECK(first.size() > 900);
    CHECK(first.size() < 1100);
    CHECK(ids() == first);
}

TEST_CASE("a batch of which every event is dropped is empty and counted", "[policy]") {
    lines change{"[[rule]]\nname = \"all\"\nfield = \"status\"\nequals = \"200\"\n"};
    auto const& made = change.run({combined("192.0.2.7"), combined("192.0.2.8")});
    CHECK(made.events.empty());
    CHECK(made.documents.empty());
    CHECK(made.counts.done() == made.counts.in);
}

TEST_CASE("redactions and rules that are printed make the same again", "[policy]") {
    auto const all = nginx_and(redact("ip", "mask") + redact("remote_user", "hash") +
                               "[[rule]]\nname = \"a\"\nfield = \"agent\"\ncontains = \"bot\"\nkeep = 0.1\n");
    auto const again = parse_mapping(to_toml(all), "m.toml");
    REQUIRE(again.has_value());
    CHECK(*again == all);
}

TEST_CASE("what is wrong with a redaction or a rule is named", "[policy]") {
    CHECK(mistakes("[[redact]]\nfield = \"ip\"\n").contains("how: one of drop, mask and hash"));
    CHECK(mistakes("[[redact]]\nfield = \"agent\"\nhow = \"hash\"\n").contains("key-file: a hash needs the file"));
    CHECK(mistakes("[[redact]]\nfield = \"ip\"\nhow = \"mask\"\nkey-file = \"k\"\n").contains("only a hash has a key"));
    CHECK(mistakes(redact("ip", "hash")).contains("\"hash\" makes a text, which the field event.remote_ip cannot be"));
    CHECK(mistakes(redact("status", "mask")).contains("cannot be by its type"));
    CHECK(mistakes("[[rule]]\nname = \"a\"\nfield = \"agent\"\n").contains("one of equals, begins and contains"));
    CHECK(mistakes("[[rule]]\nname = \"a\"\nfield = \"agent\"\nequals = \"b\"\nkeep = 2\n")
              .contains("from 0 (none) to 1"));
    CHECK(mistakes("[[rule]]\nname = \"a\"\nfield = \"agent\"\nequals = \"b\"\n"
                   "[[rule]]\nname = \"a\"\nfield = \"agent\"\nequals = \"c\"\n")
              .contains("duplicate \"a\""));
}

TEST_CASE("the key of a hash is read from its file, and is long enough", "[policy]") {
    auto const folder =
        std::filesystem::temp_directory_path() / ("logpipe-policy-" + std::to_string(std::random_device{}()));
    std::filesystem::create_directory(folder);
    std::ofstream{folder / "m.toml"} << "name = \"m\"\n" << redact("user", "hash");
    auto const made = read_mapping(folder / "m.toml");
    REQUIRE(made.has_value());
    CHECK_FALSE(read_redaction_keys(made->table).has_value());
    std::ofstream{folder / "k"} << "short\n";
    auto const read = read_redaction_keys(made->table);
    REQUIRE_FALSE(read.has_value());
    CHECK(read.error().message.contains("at least 16 are needed"));
    std::ofstream{folder / "k"} << key << '\n';
    CHECK(read_redaction_keys(made->table).value() == std::vector<std::string>{std::string{key}});
    std::filesystem::remove_all(folder);
}
