#include "http_reply.hpp"

#include "core/json_writer.hpp"

#include <fmt/format.h>
#include <boost/beast/http/status.hpp>

namespace logpipe::ingest {

namespace http = boost::beast::http;

http_reply refusal(unsigned status, std::string_view reason, std::string_view more_fields) {
    http_reply made{.status = status, .body = {}, .more_fields = std::string{more_fields}};
    json_object{made.body}.add("error", reason);
    return made;
}

http_reply deferral(std::string_view reason) {
    return refusal(503, reason, "Retry-After: 1\r\n");
}

std::string to_text(http_reply const& reply) {
    std::string_view const words = http::obsolete_reason(static_cast<http::status>(reply.status));
    return fmt::format("HTTP/1.1 {} {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n{}{}\r\n{}",
                       reply.status, words, reply.body.size(), reply.more_fields,
                       reply.keep_alive ? "" : "Connection: close\r\n", reply.body);
}

}  // namespace logpipe::ingest
