// A request's head, whole and a byte at a time: the judgement is the same, and a head that passes is to the parser
// behind it the same head, with the same body after it.
#include "net/request_head.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace {

namespace http = boost::beast::http;
constexpr std::size_t bytes_max = 8192;

/// The status of a refusal, 200 for a whole head, 0 for a beginning.
unsigned judge(std::string_view bytes, std::size_t step) {
    logpipe::net::request_head head{bytes_max};
    for (auto size = std::min(step, bytes.size());; size = std::min(size + step, bytes.size())) {
        if (auto const fault = head.check(bytes.substr(0, size))) return fault->status;
        if (head.is_complete()) return 200;
        if (size == bytes.size()) return 0;
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t bytes) {
    std::string_view const text{reinterpret_cast<char const*>(data), bytes};
    auto const verdict = judge(text, std::max<std::size_t>(1, bytes));
    if (verdict != judge(text, 1)) std::abort();
    if (verdict != 200) return 0;
    http::request_parser<http::string_body> parser;
    parser.header_limit(bytes_max);
    boost::system::error_code failed;
    auto const used = parser.put(boost::asio::buffer(text), failed);
    if (failed) return 0;  // it is stricter about some fields
    if (!parser.is_header_done() || used != text.find("\r\n\r\n") + 4) std::abort();
    bool const says_chunked = parser.get().count(http::field::transfer_encoding) > 0;
    if (parser.chunked() != says_chunked || (says_chunked && parser.content_length())) std::abort();
    return 0;
}
