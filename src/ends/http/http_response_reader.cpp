#include "http_response_reader.hpp"

#include <fmt/format.h>
#include <boost/beast/core/buffers_range.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>

namespace logpipe::http {

namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;

constexpr std::uint32_t head_bytes_max = 64U << 10U;
// A chunk's size line, or the trailer; Beast bounds the first only by the buffer it is given.
constexpr std::size_t pending_bytes_max = std::size_t{128} << 10U;

/// A Beast body that appends to the string it is pointed at, so that nothing is ever collected.
struct appended_body {
    using value_type = std::string*;

    class reader {
      public:
        template <bool is_request, class Fields>
        reader(http::header<is_request, Fields>& /*head*/, value_type& out) : out_{out} {}
        void init(boost::optional<std::uint64_t> const& /*bytes*/, beast::error_code& failed) { failed = {}; }
        template <class Buffers>
        std::size_t put(Buffers const& buffers, beast::error_code& failed) {
            failed = {};
            std::size_t bytes = 0;
            for (auto const part : beast::buffers_range_ref(buffers)) {
                out_->append(static_cast<char const*>(part.data()), part.size());
                bytes += part.size();
            }
            return bytes;
        }
        void finish(beast::error_code& failed) { failed = {}; }

      private:
        value_type& out_;
    };
};

using parser = http::response_parser<appended_body>;

http_head head_of(parser& from) {
    auto const& message = from.get();
    auto const field = [&](http::field name) { return std::string{message[name]}; };
    http_head head{.status = message.result_int(),
                   .reason = std::string{message.reason()},
                   .location = field(http::field::location),
                   .etag = field(http::field::etag),
                   .accept_ranges = field(http::field::accept_ranges),
                   .content_type = field(http::field::content_type),
                   .content_encoding = field(http::field::content_encoding),
                   .content_range = field(http::field::content_range),
                   .content_bytes = std::nullopt,
                   .ends_with_connection = from.need_eof()};
    if (auto const bytes = from.content_length()) head.content_bytes = *bytes;
    return head;
}

}  // namespace

struct http_response_reader::state {
    std::optional<parser> response;
    std::optional<http_head> head;
    std::string pending;  // bytes that the parser cannot take before more come
    bool any = false;

    state() { next_response(); }

    void next_response() {
        response.emplace();
        response->eager(true);
        response->header_limit(head_bytes_max);
        response->body_limit(boost::none);
    }

    /// @return how many bytes the parser took.
    result<std::size_t> put(std::string_view input, std::string& body) {
        response->get().body() = &body;
        beast::error_code failed;
        auto const taken = response->put(boost::asio::const_buffer{input.data(), input.size()}, failed);
        if (failed && failed != http::error::need_more)
            return error{errc::protocol, fmt::format("the answer is no HTTP/1.1: {}", failed.message())};
        if (!response->is_header_done()) return taken;
        bool const interim = response->get().result_int() / 100 == 1;
        if (interim && response->get().result() == http::status::switching_protocols)
            return error{errc::protocol, "the answer switches to a protocol nobody asked for"};
        if (interim) {
            next_response();
        } else if (!head) {
            head = head_of(*response);
        }
        return taken;
    }
};

http_response_reader::http_response_reader() : state_{std::make_unique<state>()} {}
http_response_reader::~http_response_reader() = default;
http_response_reader::http_response_reader(http_response_reader&&) noexcept = default;
http_response_reader& http_response_reader::operator=(http_response_reader&&) noexcept = default;

result<> http_response_reader::feed(std::string_view input, std::string& body) {
    auto& pending = state_->pending;
    state_->any = state_->any || !input.empty();
    bool const from_pending = !pending.empty();
    if (from_pending) {
        pending.append(input);
        input = pending;
    }
    while (!input.empty() && !complete()) {
        auto const taken = state_->put(input, body);
        if (!taken) return taken.error();
        if (*taken == 0) break;
        input.remove_prefix(*taken);
    }
    if (complete()) input = {};  // nothing was asked for after it
    if (input.size() > pending_bytes_max) return error{errc::protocol, "the answer is no HTTP/1.1: a line has no end"};
    if (from_pending) {
        pending.erase(0, pending.size() - input.size());
    } else {
        pending.assign(input);
    }
    return {};
}

result<> http_response_reader::end_of_connection() {
    if (complete()) return {};
    error const cut{errc::not_connected, state_->any ? "the connection was cut in the middle of the answer"
                                                     : "the connection was closed without an answer"};
    if (!state_->any) return cut;
    beast::error_code failed;
    state_->response->put_eof(failed);
    if (failed || !complete()) return cut;
    return {};
}

http_head const* http_response_reader::head() const noexcept {
    return state_->head ? &*state_->head : nullptr;
}

bool http_response_reader::complete() const noexcept {
    return state_->head && state_->response->is_done();
}

}  // namespace logpipe::http
