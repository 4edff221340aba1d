#include "handshake.hpp"

#include "core/assert.hpp"
#include "core/clean_text.hpp"
#include "core/secrets.hpp"
#include "msgpack_reader.hpp"
#include "msgpack_writer.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <boost/asio/ip/host_name.hpp>

#include <array>
#include <optional>

namespace logpipe::forward {

namespace {

std::string to_hex(std::string_view bytes) {
    std::string text;
    for (auto const byte : bytes) text += fmt::format("{:02x}", static_cast<unsigned char>(byte));
    return text;
}

std::string sha512_hex(std::string const& text) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> hash;
    unsigned bytes = 0;
    LOGPIPE_ASSERT(EVP_Digest(text.data(), text.size(), hash.data(), &bytes, EVP_sha512(), nullptr) == 1);
    return to_hex({reinterpret_cast<char const*>(hash.data()), bytes});
}

std::string digest(std::string_view hostname, handshake_secret const& secret) {
    return sha512_hex(fmt::format("{}{}{}{}", secret.salt, hostname, secret.nonce, secret.shared_key));
}

std::string digest(user_proof const& user) {
    return sha512_hex(fmt::format("{}{}{}", user.auth_salt, user.username, user.password));
}

std::optional<std::string_view> read_text(msgpack_reader& from) noexcept {
    msgpack_token token;
    if (from.next(token) != msgpack_problem::none || !token.is_text()) return std::nullopt;
    return token.payload;
}

/// Steps into `[name, …]`. @return how many elements follow the name; none where it is something else.
std::optional<std::uint64_t> enter(msgpack_reader& from, std::string_view name) noexcept {
    msgpack_token token;
    if (from.next(token) != msgpack_problem::none || token.type() != msgpack_type::array || token.header.value == 0)
        return std::nullopt;
    if (read_text(from) != name) return std::nullopt;
    return token.header.value - 1;
}

error expected_value(std::string_view name) {
    return {errc::protocol, fmt::format("expected {}, got something else", name)};
}

/// A name that we do not know takes as long as a wrong password.
bool knows_user(ping_terms const& terms, std::string_view username, std::string_view shown) {
    auto const found = terms.users.find(username);
    auto const is_known = found != terms.users.end();
    auto const expected = digest({.auth_salt = terms.greeting.auth_salt,
                                  .username = username,
                                  .password = is_known ? std::string_view{found->second} : "nobody's"});
    return is_same_secret(shown, expected) && is_known;
}

}  // namespace

std::string random_bytes(std::size_t count) {
    std::string bytes(count, '\0');
    LOGPIPE_ASSERT(RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(count)) == 1);
    return bytes;
}

std::string random_hex(std::size_t byte_count) {
    return to_hex(random_bytes(byte_count));
}

std::string hostname_of(std::string const& given) {
    if (!given.empty()) return given;
    boost::system::error_code unknown;
    auto name = boost::asio::ip::host_name(unknown);
    return unknown ? std::string{"logpipe"} : name;
}

std::string make_helo(server_greeting const& what) {
    std::string out;
    msgpack_writer write{out};
    write.array(2);
    write.string("HELO");
    write.map(3);
    write.string("nonce");
    write.binary(what.nonce);
    write.string("auth");
    write.binary(what.auth_salt);
    write.string("keepalive");
    write.boolean(true);
    return out;
}

bool is_helo(std::string_view value) noexcept {
    msgpack_reader from{value};
    return enter(from, "HELO").has_value();
}

result<server_greeting> read_helo(std::string_view value) {
    msgpack_reader from{value};
    msgpack_token token;
    if (enter(from, "HELO") != 1 || from.next(token) != msgpack_problem::none || token.type() != msgpack_type::map)
        return expected_value("HELO");
    server_greeting greeting;
    bool has_nonce = false;
    for (auto left = token.header.value; left > 0; --left) {
        auto const name = read_text(from);
        if (!name) return expected_value("HELO");
        auto const begin = from.position();
        msgpack_token option;
        if (from.next(option) != msgpack_problem::none) return expected_value("HELO");
        if (name == "nonce" || name == "auth") {
            auto const is_none = name == "auth" && option.type() == msgpack_type::nil;
            if (!option.is_text() && !is_none) return expected_value("HELO");
            (name == "nonce" ? greeting.nonce : greeting.auth_salt) = option.payload;
            has_nonce = has_nonce || name == "nonce";
            continue;
        }
        from.go_to(begin);
        if (from.skip() != msgpack_problem::none) return expected_value("HELO");
    }
    if (!has_nonce) return expected_value("HELO with a nonce");
    return greeting;
}

std::string make_ping(std::string_view hostname, handshake_secret const& secret, user_proof const& user) {
    auto const is_required = !user.auth_salt.empty() && !user.username.empty();
    std::string out;
    msgpack_writer write{out};
    write.array(6);
    write.string("PING");
    write.string(hostname);
    write.string(secret.salt);
    write.string(digest(hostname, secret));
    write.string(is_required ? user.username : "");
    write.string(is_required ? digest(user) : "");
    return out;
}

result<client_greeting> check_ping(std::string_view value, ping_terms const& terms) {
    msgpack_reader from{value};
    if (enter(from, "PING") != 5) return expected_value("PING");
    auto const hostname = read_text(from);
    auto const salt = read_text(from);
    auto const shown = read_text(from);
    if (!hostname || !salt || !shown) return expected_value("PING");
    auto const expected =
        digest(*hostname, {.shared_key = terms.shared_key, .nonce = terms.greeting.nonce, .salt = *salt});
    if (!is_same_secret(*shown, expected)) return error{errc::unauthorized, "shared key mismatch"};
    if (!terms.users.empty()) {
        auto const username = read_text(from);
        auto const password = read_text(from);
        if (!username || !password) return expected_value("PING");
        if (!knows_user(terms, *username, *password)) return error{errc::unauthorized, "username/password mismatch"};
    }
    return client_greeting{.hostname = std::string{*hostname}, .salt = std::string{*salt}};
}

std::string make_pong(std::string_view hostname, handshake_secret const& secret) {
    std::string out;
    msgpack_writer write{out};
    write.array(5);
    write.string("PONG");
    write.boolean(true);
    write.string("");
    write.string(hostname);
    write.string(digest(hostname, secret));
    return out;
}

std::string make_rejection(std::string_view reason) {
    std::string out;
    msgpack_writer write{out};
    write.array(5);
    write.string("PONG");
    write.boolean(false);
    write.string(reason);
    write.string("");
    write.string("");
    return out;
}

result<> check_pong(std::string_view value, handshake_secret const& secret) {
    msgpack_reader from{value};
    msgpack_token accepted;
    if (enter(from, "PONG") != 4 || from.next(accepted) != msgpack_problem::none ||
        accepted.type() != msgpack_type::boolean)
        return expected_value("PONG");
    auto const reason = read_text(from);
    auto const hostname = read_text(from);
    auto const shown = read_text(from);
    if (!reason || !hostname || !shown) return expected_value("PONG");
    if (accepted.header.value == 0)
        return error{errc::unauthorized,
                     fmt::format("the server rejected the login: {}", clean_line(reason->substr(0, 200)))};
    if (!is_same_secret(*shown, digest(*hostname, secret)))
        return error{errc::unauthorized, "the server does not know the shared key"};
    return {};
}

}  // namespace logpipe::forward
