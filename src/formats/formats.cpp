// The list of formats: how bytes become fields. A format is a folder with a parser (text/text_parser.hpp) and one line
// here; JSON is known by its first byte, and is read by line_reader.hpp itself.
#include "formats.hpp"

#include "log_format/log_format.hpp"
#include "log_format/named_formats.hpp"
#include "logfmt/logfmt_line.hpp"
#include "mapped_lines.hpp"
#include "nginx_error/nginx_error_line.hpp"
#include "raw/raw_line.hpp"

#include "core/nearest.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <utility>

namespace logpipe::formats {

namespace {

/// Those that say more of a line come first.
constexpr std::array all{
    text_format{"traefik", true, make_log_format<log_formats::traefik>},
    text_format{"main", true, make_log_format<log_formats::main>},
    text_format{"vhost_combined", true, make_log_format<log_formats::vhost_combined>},
    text_format{"combined", true, make_log_format<log_formats::combined>},
    text_format{"common", true, make_log_format<log_formats::common>},
    text_format{"combined_ident", true, make_log_format<log_formats::combined_ident>},
    text_format{"common_ident", true, make_log_format<log_formats::common_ident>},
    text_format{"combined_and_more", true, make_log_format<log_formats::combined_and_more>},
    text_format{"nginx-error", true, make_parser<nginx_error_parser>},
    text_format{"logfmt", true, make_parser<logfmt_parser>},
    text_format{"raw", false, make_parser<raw_parser>},
};

}  // namespace

std::span<text_format const> text_formats() noexcept {
    return all;
}

std::unique_ptr<text_parser> parser_of(std::string_view format) {
    auto const found = std::ranges::find(all, format, &text_format::name);
    if (found != all.end()) return found->make();
    return std::make_unique<log_line_format>(log_line_format::compile(format).value());
}

std::vector<std::string_view> format_names() {
    std::vector<std::string_view> names{auto_format, json_format};
    for (auto const& each : all) names.push_back(each.name);
    return names;
}

std::string fault_of_format(std::string_view format) {
    if (format.contains('$')) {
        auto const compiled = log_line_format::compile(format);
        return compiled ? std::string{} : compiled.error().message;
    }
    auto const names = format_names();
    if (std::ranges::find(names, format) != names.end()) return {};
    auto const near = nearest(format, names);
    return near.empty() ? fmt::format(
                              "unknown format \"{}\": one of {}, or a log_format string of nginx ($remote_addr "
                              "…)",
                              format, fmt::join(names, ", "))
                        : fmt::format("unknown format \"{}\"; did you mean \"{}\"?", format, near);
}

std::unique_ptr<transform> make_normalize(normalize_options options) {
    return std::make_unique<mapped_lines>(std::move(options));
}

}  // namespace logpipe::formats
