#include "push_response.hpp"

#include <algorithm>
#include <charconv>

namespace logpipe::loki {

namespace {

struct marked_reason {
    std::string_view words;
    drop_reason reason;
};

constexpr std::array reasons{
    marked_reason{"entry too far behind", drop_reason::too_far_behind},
    marked_reason{"out of order", drop_reason::too_far_behind},
    marked_reason{"timestamp too old", drop_reason::too_old},
    marked_reason{"timestamp too new", drop_reason::too_new},
    marked_reason{"max entry size", drop_reason::line_too_long},
    marked_reason{"maximum active stream limit exceeded", drop_reason::stream_limit},
};

}  // namespace

push_outcome outcome_of(unsigned status) noexcept {
    if (status >= 200 && status < 300) return push_outcome::taken;
    if (status == 400) return push_outcome::rejected;
    if (status == 413) return push_outcome::too_large;
    if (status == 429) return push_outcome::throttled;
    if (status >= 500) return push_outcome::retry;
    if (status == 401 || status == 403) return push_outcome::unauthorized;
    return push_outcome::paused;
}

bool is_of_all_streams(std::string_view body) noexcept {
    // RateLimitedErrorMsg in pkg/validation/validate.go; with a capital letter before Loki 3.
    return body.contains("ngestion rate limit exceeded for user") || body.contains("ngestion blocked for user");
}

push_rejection read_rejection(std::string_view body) noexcept {
    push_rejection out;
    auto const found =
        std::ranges::find_if(reasons, [&](marked_reason const& each) { return body.contains(each.words); });
    if (found != reasons.end()) out.reason = found->reason;
    constexpr std::string_view mark = "total ignored: ";
    std::uint64_t lines = 0;
    for (auto at = body.find(mark); at != std::string_view::npos; at = body.find(mark, at + 1)) {
        std::uint64_t here = 0;
        std::from_chars(body.data() + at + mark.size(), body.data() + body.size(), here);
        lines += here;
    }
    out.lines = std::max<std::uint64_t>(1, lines);
    return out;
}

}  // namespace logpipe::loki
