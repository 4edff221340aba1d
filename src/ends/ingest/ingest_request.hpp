// What a request wants, judged by its head alone, so that a body that nobody wants is not sent.
#pragma once

#include "body_splitter.hpp"
#include "http_reply.hpp"
#include "request_reader.hpp"

#include <boost/system/result.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace logpipe::ingest {

enum class body_coding : std::uint8_t { plain, gzip, zstd };

struct ingest_request {
    std::string tag;
    std::string key;
    body_kind kind = body_kind::lines;
    body_coding coding = body_coding::plain;
};

struct ingest_rules {
    std::string_view token;        ///< empty: none is wanted
    std::string_view tag_default;  ///< where the request names none
};

/// @return the request, or the reply that ends it: 400, 401, 403, 404, 405, 415
[[nodiscard]] std::variant<ingest_request, http_reply> judge(request_facts const& facts, ingest_rules const& rules);

/// @return 400 for a body that is not of its coding, 413 above `bytes_max`
[[nodiscard]] std::variant<std::string, http_reply> decompressed(std::string_view body, body_coding coding,
                                                                 std::size_t bytes_max);

}  // namespace logpipe::ingest
