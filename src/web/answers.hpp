// HTTP requests and answers as plain values, so that what is answered needs no socket to be tried.
#pragma once

#include "logpipe/web.hpp"

#include <string>
#include <string_view>

namespace logpipe {

struct web_request {
    std::string_view method;  ///< "GET"
    std::string_view target;  ///< as in the request line
};

struct web_answer {
    unsigned status = 200;
    std::string content_type;
    std::string body;
    std::string allow;  ///< of a 405
};

[[nodiscard]] web_answer text_answer(unsigned status, std::string body);
/// RFC 9457: {"type":"about:blank","title":…,"status":…,"detail":…}. `detail` may hold any bytes.
[[nodiscard]] web_answer problem_answer(unsigned status, std::string_view detail);
/// Of `/produceEventsToPipeline`. Success: {"message":…,"status":"success","events":N}. An error is a problem as above
/// with "message" and "events" as well, for clients that know only those.
[[nodiscard]] web_answer produce_page(produce_answer const& answer);

}  // namespace logpipe
