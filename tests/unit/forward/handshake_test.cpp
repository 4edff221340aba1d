#include "support/catch.hpp"

#include "handshake.hpp"
#include "msgpack_writer.hpp"

using namespace logpipe;

namespace {

handshake_secret const secret{.shared_key = "key", .nonce = "nonce-of-16-byte", .salt = "salt"};

}  // namespace

TEST_CASE("the handshake of two who know the key succeeds", "[handshake]") {
    auto const nonce = read_helo(make_helo(secret.nonce));
    REQUIRE(nonce.has_value());
    CHECK(*nonce == secret.nonce);
    CHECK(is_helo(make_helo("x")));
    auto const client = check_ping(make_ping("client", secret), "key", *nonce);
    REQUIRE(client.has_value());
    CHECK(client->hostname == "client");
    CHECK(client->salt == "salt");
    CHECK(check_pong(make_pong("server", secret), secret).has_value());
}

TEST_CASE("the digests are those of the specification", "[handshake]") {
    // printf 'salt''client''nonce-of-16-byte''key' | sha512sum
    CHECK_THAT(make_ping("client", secret),
               ContainsSubstring("6c3046ff91d489f6328d437559040d09109fe8a865698b5cbbfdec067ad76bd748274afff6686d917c50a"
                                 "bd351fdcf0f4a47f6463f6a9d845401136d70e9a987"));
}

TEST_CASE("a wrong key, another nonce and a cut digest are refused", "[handshake]") {
    auto const ping = make_ping("client", secret);
    CHECK(check_ping(ping, "other", secret.nonce).error().code == errc::unauthorized);
    CHECK(check_ping(ping, "key", "another").error().code == errc::unauthorized);
    auto const pong = make_pong("server", {.shared_key = "other", .nonce = secret.nonce, .salt = secret.salt});
    CHECK(check_pong(pong, secret).error().code == errc::unauthorized);
    std::string cut;
    msgpack_writer write{cut};
    write.array(6);
    for (auto const* text : {"PING", "client", "salt", "", "", ""}) write.string(text);
    CHECK(check_ping(cut, "key", secret.nonce).error().code == errc::unauthorized);
}

TEST_CASE("a refusal tells its reason", "[handshake]") {
    auto const refused = check_pong(make_refusal("not you"), secret);
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code == errc::unauthorized);
    CHECK_THAT(refused.error().message, ContainsSubstring("not you"));
}

TEST_CASE("what is no greeting is a protocol error; a wish for a user name is unauthorized", "[handshake]") {
    for (std::string const bytes : {"\xc0", "\x90", "\x92\xa4HELO\xc0", "\x92\xa4HELO\x80", "\x92\xa4HELO\x81\x01\x02",
                                    "\x92\xa4HELO\x81\xa5nonce\x01", "\x91\xa4PING", "\x95\xa4PONG\x01\x01\x01\x01"}) {
        CHECK(read_helo(bytes).error().code == errc::protocol);
        CHECK(check_ping(bytes, "key", "n").error().code == errc::protocol);
        CHECK(check_pong(bytes, secret).error().code == errc::protocol);
    }
    std::string helo;
    msgpack_writer write{helo};
    write.array(2);
    write.string("HELO");
    write.map(2);
    write.string("nonce");
    write.string("n");
    write.string("auth");
    write.string("salt");
    CHECK(read_helo(helo).error().code == errc::unauthorized);
}

TEST_CASE("salts differ", "[handshake]") {
    CHECK(random_hex(16).size() == 32);
    CHECK(random_bytes(16) != random_bytes(16));
}
