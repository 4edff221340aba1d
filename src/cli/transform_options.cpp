#include "transform_options.hpp"

#include <fmt/format.h>

namespace logpipe::cli {

result<formats::document_mapping> mapping_of(settings const& options) {
    auto found = formats::nginx_mapping();
    if (auto const& path = options.text("mapping"); !path.empty()) {
        auto read = formats::read_mapping(path);
        if (!read) return error{errc::invalid_argument, in_context("--mapping", read.error()).message};
        found = *std::move(read);
    }
    if (options.list("regions").empty()) return found;
    for (auto& field : found.table.fields)
        if (field.from == formats::field_source::choice) field.choices = options.list("regions");
    return found;
}

result<formats::normalize_options> normalize_options_of(settings const& options) {
    auto found = mapping_of(options);
    if (!found) return found.error();
    auto const& from = options.text("timestamp");
    if (from == "event" && found->table.time_key.empty())
        return error{
            errc::invalid_argument,
            fmt::format("--timestamp event: the mapping {} names no time of a line (key `time`)", found->table.name)};
    return formats::normalize_options{.table = std::move(found->table),
                                      .timestamp = from == "receive" ? formats::timestamp_from::receive
                                                   : from == "entry" ? formats::timestamp_from::entry
                                                                     : formats::timestamp_from::event,
                                      .line_bytes_max = options.bytes("line-bytes-max")};
}

}  // namespace logpipe::cli
