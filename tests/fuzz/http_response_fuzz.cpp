// A response's bytes, whole and a byte at a time: both readings are whole, with the same status and body, or none is.
#include "net/http_response_reader.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

struct reading {
    bool fed = true;
    bool whole = false;
    unsigned status = 0;
    std::string body;
    friend bool operator==(reading const&, reading const&) = default;
};

reading read(std::string_view bytes, std::size_t step) {
    logpipe::net::http_response_reader reader;
    reading seen;
    for (std::size_t at = 0; at < bytes.size() && seen.fed && !reader.complete(); at += step)
        seen.fed = reader.feed(bytes.substr(at, step), seen.body).has_value();
    if (reader.head() != nullptr) seen.status = reader.head()->status;
    seen.whole = seen.fed && reader.end_of_connection().has_value();
    if (seen.whole && !reader.complete()) std::abort();
    if (!seen.fed) seen.body.clear();  // how much of it came before the fault depends on the pieces
    return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t bytes) {
    std::string_view const text{reinterpret_cast<char const*>(data), bytes};
    if (text.size() > 60'000) return 0;  // the limits count what is pending, so they depend on the pieces
    auto const whole = read(text, std::max<std::size_t>(1, bytes));
    auto const pieces = read(text, 1);
    // A fault before the empty line is seen there at the latest, so pieces may just end without one.
    if (whole.whole != pieces.whole || (whole.whole && whole != pieces)) std::abort();
    return 0;
}
