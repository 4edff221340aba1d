// The targets and bodies of the page's requests: any bytes are a query or an error, and what was read can be written
// and read again.
#include "log_api.hpp"
#include "page_api.hpp"
#include "query_string.hpp"
#include "tap_route.hpp"

#include "core/assert.hpp"

#include <fmt/format.h>

#include <cstdint>

using namespace logpipe;
using namespace logpipe::web;

namespace {

std::string encoded(std::string_view text) {
    std::string out;
    for (char const c : text) out += fmt::format("%{:02x}", static_cast<unsigned char>(c));
    return out;
}

schema two_facets() {
    return {.title = "Lines",
            .fields = {{.path = "host", .name = "host"}, {.path = "status", .name = "status"}},
            .columns = {0, 1},
            .facets = {0, 1}};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    std::string_view const bytes{reinterpret_cast<char const*>(data), size};
    static_cast<void>(produce_request_of(bytes));
    LOGPIPE_ASSERT(!path_of(bytes).contains('?'));
    static schema const documents = two_facets();
    if (auto const pairs = parse_query(bytes)) {
        std::string again = "/?";
        for (auto const& [name, value] : *pairs) again += encoded(name) + '=' + encoded(value) + '&';
        LOGPIPE_ASSERT(parse_query(again).value() == *pairs);
        if (auto const view = log_view_of(documents, *pairs)) LOGPIPE_ASSERT(view->from_minute <= view->to_minute);
    }
    web_options options;
    options.snapshot = [] { return process_snapshot{}; };
    options.tap = [](std::string const&, std::uint64_t sample) -> result<std::unique_ptr<tap_reader>> {
        LOGPIPE_ASSERT(sample > 0);
        return error{errc::not_found, "no such stage"};
    };
    auto const tap = open_tap_route(bytes, options);
    LOGPIPE_ASSERT(tap.rejection.status == 400 || tap.rejection.status == 404);
    return 0;
}
