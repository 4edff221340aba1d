// Bodies of POST /ingest: the events are views of the body, in its order, and what is between them is no event.
#include "body_splitter.hpp"

#include "logpipe/result.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

using namespace logpipe::ingest;

namespace {

constexpr std::size_t events_max = 1000;

void require(bool holds) {
    if (!holds) std::abort();
}

void check(std::string_view body, body_kind kind) {
    auto const events = split_body(body, kind, events_max);
    if (!events) {
        auto const code = events.error().code;
        return require(code == logpipe::errc::too_large ||
                       (code == logpipe::errc::rejected && kind == body_kind::json));
    }
    require(events->size() <= events_max);
    auto const* after = body.data();
    for (auto const each : *events) {
        require(!each.empty() && each.data() >= after && each.data() + each.size() <= body.data() + body.size());
        auto const between = std::string_view{after, static_cast<std::size_t>(each.data() - after)};
        // At the front there may be a byte order mark.
        if (after != body.data())
            require(between.find_first_not_of(kind == body_kind::lines ? "\r\n" : " \t\r\n,[]") ==
                    std::string_view::npos);
        after = each.data() + each.size();
        if (kind == body_kind::lines) {
            require(!each.contains('\n'));
            continue;
        }
        require(each.front() == '{' && each.back() == '}');
        // As one line it is the same object.
        std::string one{each};
        put_on_one_line(one);
        auto const again = split_body(one, kind, 1);
        require(again && again->size() == 1 && again->front() == one);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t bytes) {
    std::string_view const body{reinterpret_cast<char const*>(data), bytes};
    check(body, body_kind::lines);
    check(body, body_kind::json);
    return 0;
}
