// The list of formats: how bytes become fields. A format is a folder with a reader (mapped_lines.hpp says what that is)
// and one line here.
#include "json/json_line.hpp"
#include "mapped_lines.hpp"
#include "raw/raw_line.hpp"

#include <array>

namespace logpipe::formats {

namespace {

struct format {
    std::string_view name;
    std::unique_ptr<transform> (*make)(normalize_options);
};

constexpr std::array formats{
    format{"json", map_lines<json_line_reader>},  // one JSON object
    format{"raw", map_lines<raw_line_reader>},    // any text
};

}  // namespace

std::vector<std::string_view> format_names() {
    std::vector<std::string_view> names;
    for (auto const& each : formats) names.push_back(each.name);
    return names;
}

std::unique_ptr<transform> make_normalize(normalize_options options) {
    auto const found = std::ranges::find(formats, std::string_view{options.table.format}, &format::name);
    LOGPIPE_ASSERT(found != formats.end());  // reading a mapping checks it
    return found->make(std::move(options));
}

}  // namespace logpipe::formats
