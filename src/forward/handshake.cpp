#include "handshake.hpp"

#include "base/assert.hpp"
#include "msgpack_reader.hpp"
#include "msgpack_writer.hpp"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <array>
#include <optional>

namespace logpipe {

namespace {

std::string to_hex(std::string_view bytes) {
    std::string text;
    for (auto const byte : bytes) text += fmt::format("{:02x}", static_cast<unsigned char>(byte));
    return text;
}

std::string digest(std::string_view hostname, handshake_secret const& secret) {
    auto const text = fmt::format("{}{}{}{}", secret.salt, hostname, secret.nonce, secret.shared_key);
    std::array<unsigned char, EVP_MAX_MD_SIZE> hash;
    unsigned bytes = 0;
    LOGPIPE_ASSERT(EVP_Digest(text.data(), text.size(), hash.data(), &bytes, EVP_sha512(), nullptr) == 1);
    return to_hex({reinterpret_cast<char const*>(hash.data()), bytes});
}

/// In constant time: how long it takes must not tell how much of a guess was right.
bool same_digest(std::string_view left, std::string_view right) noexcept {
    return left.size() == right.size() && CRYPTO_memcmp(left.data(), right.data(), left.size()) == 0;
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

error no_such(std::string_view name) {
    return {errc::protocol, fmt::format("expected {}, got something else", name)};
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

std::string make_helo(std::string_view nonce) {
    std::string out;
    msgpack_writer write{out};
    write.array(2);
    write.string("HELO");
    write.map(3);
    write.string("nonce");
    write.binary(nonce);
    write.string("auth");
    write.string("");
    write.string("keepalive");
    write.boolean(true);
    return out;
}

bool is_helo(std::string_view value) noexcept {
    msgpack_reader from{value};
    return enter(from, "HELO").has_value();
}

result<std::string> read_helo(std::string_view value) {
    msgpack_reader from{value};
    msgpack_token token;
    if (enter(from, "HELO") != 1 || from.next(token) != msgpack_problem::none || token.type() != msgpack_type::map)
        return no_such("HELO");
    std::optional<std::string> nonce;
    for (auto left = token.header.value; left > 0; --left) {
        auto const name = read_text(from);
        if (!name) return no_such("HELO");
        if (name == "nonce" || name == "auth") {
            auto const text = read_text(from);
            if (!text) return no_such("HELO");
            if (name == "nonce") nonce = *text;
            if (name == "auth" && !text->empty())
                return error{errc::unauthorized,
                             "the server wants a user name and a password, which are not supported"};
        } else if (from.skip() != msgpack_problem::none) {
            return no_such("HELO");
        }
    }
    if (!nonce) return no_such("HELO with a nonce");
    return *std::move(nonce);
}

std::string make_ping(std::string_view hostname, handshake_secret const& secret) {
    std::string out;
    msgpack_writer write{out};
    write.array(6);
    write.string("PING");
    write.string(hostname);
    write.string(secret.salt);
    write.string(digest(hostname, secret));
    write.string("");
    write.string("");
    return out;
}

result<client_greeting> check_ping(std::string_view value, std::string_view shared_key, std::string_view nonce) {
    msgpack_reader from{value};
    if (enter(from, "PING") != 5) return no_such("PING");
    auto const hostname = read_text(from);
    auto const salt = read_text(from);
    auto const shown = read_text(from);
    if (!hostname || !salt || !shown) return no_such("PING");
    auto const expected = digest(*hostname, {.shared_key = shared_key, .nonce = nonce, .salt = *salt});
    if (!same_digest(*shown, expected)) return error{errc::unauthorized, "shared key mismatch"};
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

std::string make_refusal(std::string_view reason) {
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
        return no_such("PONG");
    auto const reason = read_text(from);
    auto const hostname = read_text(from);
    auto const shown = read_text(from);
    if (!reason || !hostname || !shown) return no_such("PONG");
    if (accepted.header.value == 0)
        return error{errc::unauthorized, fmt::format("the server refused us: {}", reason->substr(0, 200))};
    if (!same_digest(*shown, digest(*hostname, secret)))
        return error{errc::unauthorized, "the server does not know the shared key"};
    return {};
}

}  // namespace logpipe
