// Requests to the HTTP listener, whole and a byte at a time: the same requests come out. What is refused may be refused
// a few bytes later, and for another of its faults.
#include "ingest_request.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

using namespace logpipe::ingest;

namespace {

std::string read(std::string_view bytes, std::size_t step) {
    request_reader reader{256};
    std::string got;
    while (!bytes.empty()) {
        auto refused = reader.add(bytes.substr(0, step));
        bytes.remove_prefix(std::min(step, bytes.size()));
        while (!refused && reader.is_whole()) {
            if (reader.body().size() > 256) std::abort();
            auto const verdict = judge(reader.facts(), {.token = "", .tag_default = "t"});
            auto const* const reply = std::get_if<http_reply>(&verdict);
            got +=
                reader.facts().target + ' ' + reader.body() + ' ' + std::to_string(reply ? reply->status : 200) + '\n';
            refused = reader.next();
        }
        if (refused) return got;
    }
    return got;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t bytes) {
    std::string_view const text{reinterpret_cast<char const*>(data), bytes};
    if (read(text, std::max<std::size_t>(1, bytes)) != read(text, 1)) std::abort();
    return 0;
}
