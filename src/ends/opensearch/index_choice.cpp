#include "index_choice.hpp"

#include "core/clock.hpp"

#include <simdjson.h>

#include <algorithm>

namespace logpipe::opensearch {

namespace {

using namespace std::chrono;

constexpr std::string_view time_key = R"("@timestamp":")";

/// Where our mappings have it: as the first member, or behind the last object, where it can only be the document's own.
std::optional<std::string_view> time_at_an_end(std::string_view document) {
    auto key = document.find(time_key);
    if (key != 1) {
        key = document.rfind(time_key);
        if (key == std::string_view::npos || document.find_first_of("{}[]\\", key) + 1 != document.size())
            return std::nullopt;
    }
    auto const text = document.substr(key + time_key.size());
    return text.substr(0, text.find('"'));
}

std::optional<std::int64_t> time_by_parsing(std::string_view document) {
    simdjson::ondemand::parser parser;
    simdjson::padded_string const bytes{document};
    simdjson::ondemand::document parsed;
    std::string_view text;
    if (parser.iterate(bytes).get(parsed) || parsed.find_field("@timestamp").get_string().get(text))
        return std::nullopt;
    return parse_iso_time(text);
}

bool is_within(std::int64_t time_ns, std::int64_t of_ns, std::int64_t window_ns) {
    return time_ns >= of_ns - window_ns && time_ns <= of_ns + window_ns;
}

sys_days day_of(std::int64_t time_ns) {
    return floor<days>(sys_time<nanoseconds>{nanoseconds{time_ns}});
}

}  // namespace

std::optional<std::int64_t> document_time(std::string_view document) {
    if (auto const text = time_at_an_end(document)) return parse_iso_time(*text);
    if (!document.contains("@timestamp")) return std::nullopt;
    return time_by_parsing(document);
}

std::int64_t repeated_time(event const& row, std::string_view document, std::int64_t window_ns, std::int64_t now_ns) {
    auto const receipt = row.received_ns != 0 ? row.received_ns : now_ns;
    auto const entry = row.time_ns != 0 && is_within(row.time_ns, receipt, window_ns) ? row.time_ns : 0;
    if (row.received_ns == 0 && entry != 0) return entry;
    auto const own = document_time(document);
    if (own && *own != receipt && is_within(*own, receipt, window_ns)) return *own;
    return entry != 0 ? entry : receipt;
}

bool has_expired(index_pattern::period const& period, std::int64_t age_max_ns, std::int64_t now_ns) {
    return age_max_ns != 0 &&
           sys_time<nanoseconds>{period.end} <= sys_time<nanoseconds>{nanoseconds{now_ns - age_max_ns}};
}

std::string const* index_choice::of(event const& row, std::string_view tag, std::string_view document,
                                    std::int64_t now_ns) {
    auto const day =
        options_.pattern.has_period() ? day_of(repeated_time(row, document, options_.window_ns, now_ns)) : sys_days{};
    if (name_ == nullptr || day != day_ || tag != tag_) {
        day_ = day;
        tag_ = tag;
        if (options_.pattern.has_period()) period_ = options_.pattern.period_of(day);
        name_ = name(day, tag);
    }
    if (options_.pattern.has_period() && has_expired(period_, options_.age_max_ns, now_ns)) return nullptr;
    return name_;
}

std::string const* index_choice::name(sys_days day, std::string_view tag) {
    auto const is_named = std::ranges::find(options_.tags, tag) != options_.tags.end();
    return &*names_.insert(options_.pattern.name(day, is_named ? tag_in_index(tag) : other_tags)).first;
}

}  // namespace logpipe::opensearch
