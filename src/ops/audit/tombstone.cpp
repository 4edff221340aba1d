#include "tombstone.hpp"

#include "core/clock.hpp"

#include <fmt/format.h>
#include <boost/json.hpp>

namespace logpipe::audit {

namespace {

constexpr std::int64_t ns_per_ms = 1'000'000;

}  // namespace

std::string tombstone_of(resolved_letter const& letter, std::string_view reason, std::int64_t now_ns) {
    return fmt::format(R"({{"id":"{}","tombstone":true,"time":"{}","letter_time":"{}","attempts":{},"why":"{}"}})",
                       letter.id.text(), iso_time(now_ns), iso_time(letter.time_ms * ns_per_ms), letter.attempts,
                       reason);
}

std::optional<letter_entry> parse_tombstone(std::string_view text) {
    boost::system::error_code failed;
    auto const parsed = boost::json::parse(boost::json::string_view{text.data(), text.size()}, failed);
    auto const* from = failed ? nullptr : parsed.if_object();
    if (from == nullptr) return std::nullopt;
    auto const text_of = [&](std::string_view name) {
        auto const* value = from->if_contains(name);
        auto const* found = value == nullptr ? nullptr : value->if_string();
        return found == nullptr ? std::string_view{} : std::string_view{found->data(), found->size()};
    };
    auto const id = event_id::parse(text_of("id"));
    auto const time = parse_iso_time(text_of("letter_time"));
    if (!id || !time) return std::nullopt;
    auto const* const attempts = from->if_contains("attempts");  // it has been there for a while only
    boost::system::error_code none;
    return letter_entry{.id = *id,
                        .time_ms = *time / ns_per_ms,
                        .tombstone = true,
                        .attempts = attempts == nullptr ? 0 : attempts->to_number<std::uint64_t>(none),
                        .letter = std::nullopt,
                        .part = {},
                        .resolved_as = std::string{text_of("why")},
                        .resolved_ns = parse_iso_time(text_of("time")).value_or(0)};
}

}  // namespace logpipe::audit
