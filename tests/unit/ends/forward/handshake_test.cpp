#include "support/catch.hpp"

#include "handshake.hpp"
#include "msgpack_writer.hpp"

using namespace logpipe;
using namespace logpipe::forward;

namespace {

handshake_secret const secret{.shared_key = "key", .nonce = "nonce-of-16-byte", .salt = "salt"};
server_greeting const anybody{.nonce = std::string{secret.nonce}, .auth_salt = {}};
server_greeting const users_only{.nonce = std::string{secret.nonce}, .auth_salt = "auth-of-16-bytes"};
forward_users const nobody;
forward_users const users{{"alice", "wonder:land"}, {"bob", "b"}};

result<client_greeting> check(std::string const& ping, std::string_view key = "key",
                              server_greeting const& greeting = anybody, forward_users const& known = nobody) {
    return check_ping(ping, {.shared_key = key, .greeting = greeting, .users = known});
}

std::string ping_of(std::string_view username, std::string_view password,
                    std::string_view auth_salt = users_only.auth_salt) {
    return make_ping("client", secret, {.auth_salt = auth_salt, .username = username, .password = password});
}

}  // namespace

TEST_CASE("the handshake of two who know the key succeeds", "[handshake]") {
    auto const greeting = read_helo(make_helo(anybody));
    REQUIRE(greeting.has_value());
    CHECK(greeting->nonce == secret.nonce);
    CHECK(greeting->auth_salt.empty());
    CHECK(is_helo(make_helo(anybody)));
    auto const client = check(ping_of("", ""));
    REQUIRE(client.has_value());
    CHECK(client->hostname == "client");
    CHECK(client->salt == "salt");
    CHECK(check_pong(make_pong("server", secret), secret).has_value());
}

TEST_CASE("the digests are those of the specification", "[handshake]") {
    // printf 'salt''client''nonce-of-16-byte''key' | sha512sum
    CHECK_THAT(ping_of("", ""),
               ContainsSubstring("6c3046ff91d489f6328d437559040d09109fe8a865698b5cbbfdec067ad76bd748274afff6686d917c50a"
                                 "bd351fdcf0f4a47f6463f6a9d845401136d70e9a987"));
    // printf 'auth-of-16-bytes''alice''wonder:land' | sha512sum
    CHECK_THAT(ping_of("alice", "wonder:land"),
               ContainsSubstring("3305d56c6f72373d6cbd1db69fb299eb47eebbf49c0a277c6436c6523c8de143c7ecb7983ab48486"
                                 "f43e4b90317dd25526cb1faf424f9ecf69f046afe347ee37"));
}

TEST_CASE("a wrong key, another nonce and a cut digest are rejected", "[handshake]") {
    auto const ping = ping_of("", "");
    CHECK(check(ping, "other").error().code == errc::unauthorized);
    CHECK(check(ping, "key", {.nonce = "another", .auth_salt = {}}).error().code == errc::unauthorized);
    auto const pong = make_pong("server", {.shared_key = "other", .nonce = secret.nonce, .salt = secret.salt});
    CHECK(check_pong(pong, secret).error().code == errc::unauthorized);
    std::string cut;
    msgpack_writer write{cut};
    write.array(6);
    for (auto const* text : {"PING", "client", "salt", "", "", ""}) write.string(text);
    CHECK(check(cut).error().code == errc::unauthorized);
}

TEST_CASE("where users are required, one of them must show its password", "[handshake]") {
    auto const greeting = read_helo(make_helo(users_only));
    REQUIRE(greeting.has_value());
    CHECK(greeting->auth_salt == users_only.auth_salt);
    auto const code = [&](std::string const& ping, std::string_view key = "key") {
        auto const checked = check(ping, key, users_only, users);
        return checked ? std::string{"welcome"} : checked.error().message;
    };
    CHECK(code(ping_of("alice", "wonder:land")) == "welcome");
    CHECK(code(ping_of("bob", "b")) == "welcome");
    for (auto const& wrong : {ping_of("alice", "b"), ping_of("bob", ""), ping_of("carol", "nobody's"), ping_of("", ""),
                              ping_of("alice", "wonder:land", "another-salt"), ping_of("alice", "wonder:land", "")}) {
        CHECK(check(wrong, "key", users_only, users).error().code == errc::unauthorized);
        CHECK(code(wrong) == "username/password mismatch");
    }
    CHECK(code(ping_of("alice", "wonder:land"), "other key") == "shared key mismatch");
    // A server that requires none is not shown any.
    CHECK(ping_of("alice", "wonder:land", "") == ping_of("", "", ""));
}

TEST_CASE("our HELO's auth is binary, empty where no user is required", "[handshake]") {
    using namespace std::string_literals;
    CHECK_THAT(make_helo(anybody), ContainsSubstring("\xa4"s + "auth\xc4\x00"s));
    CHECK_THAT(make_helo(users_only), ContainsSubstring("\xa4"s + "auth\xc4\x10" + "auth-of-16-bytes"));
}

TEST_CASE("a rejection has its reason", "[handshake]") {
    auto const rejected = check_pong(make_rejection("not you"), secret);
    REQUIRE_FALSE(rejected.has_value());
    CHECK(rejected.error().code == errc::unauthorized);
    CHECK_THAT(rejected.error().message, ContainsSubstring("not you"));
}

TEST_CASE("a value that is not a greeting is a protocol error", "[handshake]") {
    for (std::string const bytes : {"\xc0", "\x90", "\x92\xa4HELO\xc0", "\x92\xa4HELO\x80", "\x92\xa4HELO\x81\x01\x02",
                                    "\x92\xa4HELO\x81\xa5nonce\x01", "\x91\xa4PING", "\x95\xa4PONG\x01\x01\x01\x01",
                                    "\x92\xa4HELO\x82\xa5nonce\xa1n\xa4"
                                    "auth\x01"}) {
        CHECK(read_helo(bytes).error().code == errc::protocol);
        CHECK(check(bytes).error().code == errc::protocol);
        CHECK(check(bytes, "key", users_only, users).error().code == errc::protocol);
        CHECK(check_pong(bytes, secret).error().code == errc::protocol);
    }
    CHECK(read_helo("\x92\xa4HELO\x82\xa4"
                    "auth\xc0\xa5nonce\xa1n")
              ->nonce == "n");
}

TEST_CASE("users are lines of a name and a password", "[handshake]") {
    CHECK(parse_forward_users("# who\r\nalice:wonder:land\r\n\nbob:b").value() == users);
    for (auto const* bad : {"", "\n#x\n", "alice", ":x", "alice:", "alice:x\nalice:y"}) {
        auto const parsed = parse_forward_users(bad);
        REQUIRE(parsed.has_error());
        CHECK(parsed.error().code == errc::invalid_argument);
    }
    CHECK_THAT(parse_forward_users("a:x\nsecret").error().message, ContainsSubstring("line 2"));
    CHECK_THAT(parse_forward_users("a:x\nsecret").error().message, !ContainsSubstring("secret"));
}

TEST_CASE("salts differ", "[handshake]") {
    CHECK(random_hex(16).size() == 32);
    CHECK(random_bytes(16) != random_bytes(16));
}
