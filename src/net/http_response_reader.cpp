#include "net/http_response_reader.hpp"

#include <fmt/format.h>
#include <boost/beast/core/buffers_range.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>

#include <algorithm>

namespace logpipe::net {

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
    http_head head{.status = message.result_int(),
                   .reason = std::string{message.reason()},
                   .fields = {},
                   .content_bytes = std::nullopt,
                   .ends_with_connection = from.need_eof(),
                   .keep_alive = from.keep_alive()};
    for (auto const& field : message)
        head.fields.emplace_back(std::string{field.name_string()}, std::string{field.value()});
    if (auto const bytes = from.content_length()) head.content_bytes = *bytes;
    return head;
}

/// Beast looks at a line that comes in pieces once all of the head is there, which other protocols never send.
bool may_be_http(std::string_view first_line) noexcept {
    constexpr std::string_view begin = "HTTP/1.";
    return first_line.starts_with(begin) || begin.starts_with(first_line);
}

error not_http(std::string_view reason) {
    return {errc::protocol, fmt::format("the response is not HTTP/1.1: {}", reason)};
}

}  // namespace

std::string_view http_head::field(std::string_view name) const noexcept {
    auto const found = std::ranges::find_if(fields, [&](auto const& one) { return beast::iequals(one.first, name); });
    return found == fields.end() ? std::string_view{} : std::string_view{found->second};
}

struct http_response_reader::state {
    http_response_reader::content expected;
    std::optional<parser> response;
    std::optional<http_head> head;
    std::string pending;  // bytes that the parser cannot take before more come
    bool any = false;
    bool in_first_line = true;
    bool surplus = false;

    explicit state(http_response_reader::content expects) : expected{expects} { next_response(); }

    void next_response() {
        in_first_line = true;
        response.emplace();
        response->eager(true);
        response->skip(expected == http_response_reader::content::none);
        response->header_limit(head_bytes_max);
        response->body_limit(boost::none);
    }

    /// @return how many bytes the parser took.
    result<std::size_t> put(std::string_view input, std::string& body) {
        if (in_first_line && !may_be_http(input)) return not_http("bad version");
        response->get().body() = &body;
        beast::error_code failed;
        auto const taken = response->put(boost::asio::const_buffer{input.data(), input.size()}, failed);
        if (failed && failed != http::error::need_more) return not_http(failed.message());
        in_first_line = in_first_line && taken == 0;
        if (!response->is_header_done()) return taken;
        bool const interim = response->get().result_int() / 100 == 1;
        if (interim && response->get().result() == http::status::switching_protocols)
            return error{errc::protocol, "the response switches to a protocol that was not requested"};
        if (interim) {
            next_response();
        } else if (!head) {
            head = head_of(*response);
        }
        return taken;
    }
};

http_response_reader::http_response_reader(content expected) : state_{std::make_unique<state>(expected)} {}
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
    if (complete() && !input.empty()) {
        state_->surplus = true;
        input = {};
    }
    if (input.size() > pending_bytes_max) return not_http("a line without end");
    if (from_pending) {
        pending.erase(0, pending.size() - input.size());
    } else {
        pending.assign(input);
    }
    return {};
}

result<> http_response_reader::end_of_connection() {
    if (complete()) return {};
    error const cut{errc::not_connected, state_->any ? "the connection was cut in the middle of the response"
                                                     : "the connection was closed without a response"};
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

bool http_response_reader::has_surplus() const noexcept {
    return state_->surplus;
}

}  // namespace logpipe::net
