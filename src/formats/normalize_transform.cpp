#include "core/options.hpp"
#include "formats/metrics.hpp"
#include "formats/normalize.hpp"

#include <fmt/format.h>

namespace logpipe::formats {

namespace {

struct options {
    std::string mapping;
    timestamp_from timestamp = timestamp_from::receive;
    std::vector<std::string> regions;
    std::size_t line_bytes_max = normalize_options{}.line_bytes_max;
};

option_set<options> const& set_of_options() {
    static option_set<options> const set{
        text<&options::mapping>("mapping", "FILE",
                                "TOML: how a line becomes a document, and what the document's fields are; default: "
                                "nginx's access logs (check --show-mapping prints it)."),
        choice<&options::timestamp>("timestamp", "receive|entry|event", "Where @timestamp comes from."),
        list<&options::regions>("regions", "NAME", "Texts for the mapping's field of choices; may be given often."),
        bytes<&options::line_bytes_max>("line-bytes-max", "A longer line becomes a dead letter."),
    };
    return set;
}

result<std::unique_ptr<transform>> make(option_values const& values) {
    auto chosen = set_of_options().read(values);
    if (!chosen) return chosen.error();
    auto found = mapping_of(values);
    if (!found) return found.error();
    if (chosen->timestamp == timestamp_from::event && found->table.time_key.empty())
        return error{
            errc::invalid_argument,
            fmt::format("--timestamp event: the mapping {} names no time of a line (key `time`)", found->table.name)};
    return make_normalize(
        {.table = std::move(found->table), .timestamp = chosen->timestamp, .line_bytes_max = chosen->line_bytes_max});
}

}  // namespace

result<document_mapping> mapping_of(option_values const& values) {
    auto found = nginx_mapping();
    if (auto const& path = values.text("mapping"); !path.empty()) {
        auto read = read_mapping(path);
        if (!read) return error{errc::invalid_argument, in_context("--mapping", read.error()).message};
        found = *std::move(read);
    }
    auto const& regions = values.list("regions");
    if (regions.empty()) return found;
    for (auto& field : found.table.fields)
        if (field.from == field_source::choice) field.choices = regions;
    return found;
}

transform_descriptor const normalize_transform{
    .name = normalize_stage,
    .title = "Transform",
    .summary = "Makes a document of each line, by a mapping.",
    .options = set_of_options().rows(),
    .metrics = {metrics::rejected, metrics::documents},
    .make = make,
};

}  // namespace logpipe::formats
