#include "ingest_request.hpp"

#include "codec/gzip.hpp"
#include "codec/zstd.hpp"
#include "core/secrets.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace logpipe::ingest {

namespace {

constexpr std::size_t tag_bytes_max = 128;
constexpr std::size_t key_bytes_max = 256;
constexpr std::string_view path = "/ingest";
constexpr std::string_view allow_post = "Allow: POST\r\n";
constexpr std::string_view want_token = "WWW-Authenticate: Bearer\r\n";

constexpr std::array<std::pair<std::string_view, body_kind>, 7> kinds{{{"application/json", body_kind::json},
                                                                       {"application/x-ndjson", body_kind::lines},
                                                                       {"application/ndjson", body_kind::lines},
                                                                       {"application/jsonl", body_kind::lines},
                                                                       {"application/x-jsonlines", body_kind::lines},
                                                                       {"application/json-lines", body_kind::lines},
                                                                       {"text/plain", body_kind::lines}}};

std::string lower(std::string_view text) {
    std::string made{text};
    for (auto& c : made)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return made;
}

/// Without parameters: "application/json; charset=utf-8".
std::string media_type(std::string_view field) {
    auto type = field.substr(0, field.find(';'));
    while (type.ends_with(' ')) type.remove_suffix(1);
    return lower(type);
}

bool is_tag(std::string_view text) {
    return !text.empty() && text.size() <= tag_bytes_max && std::ranges::all_of(text, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
               c == '-';
    });
}

/// Of "/ingest?tag=TAG". @return none for another parameter
std::optional<std::string_view> tag_of_query(std::string_view query) {
    constexpr std::string_view key = "tag=";
    if (query.empty()) return query;
    if (!query.starts_with(key) || query.contains('&')) return std::nullopt;
    return query.substr(key.size());
}

std::optional<http_reply> check_token(request_facts const& facts, std::string_view token) {
    constexpr std::string_view bearer = "Bearer ";
    std::string_view const given = facts.authorization;
    if (token.empty()) return std::nullopt;
    if (given.starts_with(bearer) && is_same_secret(given.substr(bearer.size()), token)) return std::nullopt;
    return refusal(401, "send Authorization: Bearer TOKEN, with the token of --ingest-token-file", want_token);
}

std::optional<http_reply> check_coding(std::string_view field, body_coding& into) {
    auto const name = lower(field);
    if (name.empty() || name == "identity") return std::nullopt;
    if (name != "gzip" && name != "zstd") return refusal(415, "Content-Encoding must be gzip, zstd or identity");
    into = name == "gzip" ? body_coding::gzip : body_coding::zstd;
    return std::nullopt;
}

}  // namespace

std::variant<ingest_request, http_reply> judge(request_facts const& facts, ingest_rules const& rules) {
    std::string_view target = facts.target;
    auto const query = target.find('?');
    if (target.substr(0, query) != path) return refusal(404, "events go to POST /ingest");
    if (facts.method != "POST") return refusal(405, "events go to POST /ingest", allow_post);
    if (auto refused = check_token(facts, rules.token)) return *std::move(refused);
    // Any page could have a browser send text/plain here.
    if (facts.has_origin && rules.token.empty())
        return refusal(403, "requests of web pages (Origin) are taken only with a token, --ingest-token-file");
    if (facts.is_ambiguous)
        return refusal(400, "Content-Encoding, Idempotency-Key and Logpipe-Tag must each be given once");
    ingest_request made{.tag = facts.tag, .key = facts.idempotency_key};
    auto const tag = tag_of_query(query == std::string_view::npos ? std::string_view{} : target.substr(query + 1));
    if (!tag) return refusal(400, "the only parameter is tag: /ingest?tag=TAG");
    if (!tag->empty() || made.tag.empty()) made.tag = tag->empty() ? rules.tag_default : *tag;
    if (!is_tag(made.tag) && made.tag != rules.tag_default)
        return refusal(400, fmt::format("a tag is 1 to {} of A-Z a-z 0-9 . _ -", tag_bytes_max));
    if (made.key.size() > key_bytes_max)
        return refusal(400, fmt::format("Idempotency-Key has more than {} bytes", key_bytes_max));
    auto const* const kind =
        std::ranges::find(kinds, media_type(facts.content_type), &std::pair<std::string_view, body_kind>::first);
    if (kind == kinds.end() && !facts.content_type.empty())
        return refusal(415, "Content-Type must be application/json, application/x-ndjson or text/plain");
    if (kind != kinds.end()) made.kind = kind->second;
    if (auto refused = check_coding(facts.content_encoding, made.coding)) return *std::move(refused);
    return made;
}

std::variant<std::string, http_reply> decompressed(std::string_view body, body_coding coding, std::size_t bytes_max) {
    if (coding == body_coding::plain) return std::string{body};
    auto made = coding == body_coding::gzip ? codec::gunzip(body, bytes_max) : codec::unzstd(body, bytes_max);
    if (made) return *std::move(made);
    if (made.error().code == errc::too_large)
        return refusal(413, fmt::format("the body has more than {} bytes once decompressed", bytes_max));
    return refusal(400, fmt::format("Content-Encoding: {}", made.error().message));
}

}  // namespace logpipe::ingest
