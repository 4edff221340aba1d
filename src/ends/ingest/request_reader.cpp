#include "request_reader.hpp"

#include "net/request_head.hpp"

#include <fmt/format.h>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <utility>

namespace logpipe::ingest {

namespace {

namespace http = boost::beast::http;
using parser = http::request_parser<http::string_body>;

constexpr std::size_t last_chunk_bytes = 5;

std::string field_of(parser::value_type const& request, std::string_view name) {
    return std::string{request[boost::string_view{name.data(), name.size()}]};
}

request_facts facts_of(parser::value_type const& request) {
    return {.method = std::string{request.method_string()},
            .target = std::string{request.target()},
            .authorization = field_of(request, "Authorization"),
            .content_type = field_of(request, "Content-Type"),
            .content_encoding = field_of(request, "Content-Encoding"),
            .idempotency_key = field_of(request, "Idempotency-Key"),
            .tag = field_of(request, "Logpipe-Tag"),
            .has_origin = request.count(http::field::origin) > 0,
            .is_ambiguous = request.count(http::field::content_encoding) > 1 || request.count("Idempotency-Key") > 1 ||
                            request.count("Logpipe-Tag") > 1,
            .expects_continue = request.count(http::field::expect) > 0,
            .keep_alive = request.keep_alive()};
}

}  // namespace

struct request_reader::state {
    explicit state(std::size_t bytes_max) : body_bytes_max{bytes_max} { begin(); }

    void begin() {
        head.emplace(head_bytes_max);
        body.emplace();
        body->header_limit(head_bytes_max);
        body->body_limit(body_bytes_max);
        facts = {};
    }

    std::optional<http_reply> read() {
        if (!head->is_complete()) {
            // RFC 9112 section 2.2: empty lines before a request are passed over.
            while (held.starts_with("\r\n")) held.erase(0, 2);
            if (auto const fault = head->check(held)) return refusal(fault->status, fault->reason);
            if (!head->is_complete()) return std::nullopt;
        }
        return parse();
    }

    std::optional<http_reply> parse() {
        while (!held.empty() && !body->is_done()) {
            // Beast asserts that the last chunk, "0\r\n\r\n", is there whole when it sees it; nothing shorter comes
            // last.
            if (body->is_header_done() && body->chunked() && held.size() < last_chunk_bytes) break;
            // The head alone first: the parser adds what a trailer holds to its fields.
            body->eager(body->is_header_done());
            boost::system::error_code failed;
            auto const used = body->put(boost::asio::buffer(held), failed);
            held.erase(0, used);
            if (failed == http::error::need_more) break;
            if (failed == http::error::body_limit || failed == http::error::buffer_overflow)
                return refusal(413, fmt::format("the body has more than {} bytes", body_bytes_max));
            if (failed) return refusal(400, fmt::format("the request cannot be read: {}", failed.message()));
            if (body->is_header_done() && facts.method.empty()) facts = facts_of(body->get());
            if (used == 0) break;
        }
        return std::nullopt;
    }

    std::size_t body_bytes_max;
    std::optional<net::request_head> head;
    std::optional<parser> body;
    request_facts facts;
    std::string held;  // not parsed yet
};

request_reader::request_reader(std::size_t body_bytes_max) : state_{std::make_unique<state>(body_bytes_max)} {}
request_reader::~request_reader() = default;

std::optional<http_reply> request_reader::add(std::string_view bytes) {
    state_->held.append(bytes);
    return state_->read();
}

bool request_reader::has_head() const noexcept {
    return state_->body->is_header_done();
}

request_facts const& request_reader::facts() const noexcept {
    return state_->facts;
}

bool request_reader::is_whole() const noexcept {
    return state_->body->is_done();
}

std::string const& request_reader::body() const {
    return state_->body->get().body();
}

bool request_reader::is_empty() const noexcept {
    return state_->held.empty() && !state_->body->got_some();
}

std::optional<http_reply> request_reader::next() {
    state_->begin();
    return state_->read();
}

}  // namespace logpipe::ingest
