// What a request is answered with.
#pragma once

#include <string>
#include <string_view>

namespace logpipe::ingest {

struct http_reply {
    unsigned status = 200;
    std::string body;           ///< JSON
    std::string more_fields{};  ///< "Allow: POST\r\n"
    bool keep_alive = false;
};

/// {"error":"…"}
[[nodiscard]] http_reply refusal(unsigned status, std::string_view reason, std::string_view more_fields = {});
/// 503 with Retry-After.
[[nodiscard]] http_reply deferral(std::string_view reason);
[[nodiscard]] std::string to_text(http_reply const& reply);

}  // namespace logpipe::ingest
