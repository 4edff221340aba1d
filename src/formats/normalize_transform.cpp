#include "core/options.hpp"
#include "formats/metrics.hpp"
#include "formats/normalize.hpp"
#include "log_format/nginx_conf.hpp"

#include <fmt/format.h>

namespace logpipe::formats {

namespace {

struct options {
    std::string mapping;
    std::string format;
    std::string nginx_conf;
    std::string nginx_log_format;
    bool strict_lines = false;
    timestamp_from timestamp = timestamp_from::receive;
    std::vector<std::string> regions;
    std::size_t line_bytes_max = normalize_options{}.line_bytes_max;
};

option_set<options> const& set_of_options() {
    static option_set<options> const set{
        text<&options::mapping>("mapping", "NAME|FILE",
                                "How a line becomes a document, and what the document's fields are: nginx (the "
                                "default), ecs, otel, or a TOML file (check --show-mapping prints one)."),
        text<&options::format>(
            "format", "NAME",
            "How a line becomes fields: auto, json, combined, common, main, logfmt, nginx-error, raw "
            "…, or a log_format string of nginx; default: the mapping's, which is auto."),
        text<&options::nginx_conf>("nginx-conf", "FILE",
                                   "nginx's configuration, from which the log_format of each log file is read; what it "
                                   "includes as well."),
        text<&options::nginx_log_format>(
            "nginx-log-format", "NAME",
            "Which log_format of --nginx-conf; default: for a followed file the one that its access_log names, for "
            "other lines the first that an access_log names."),
        flag<&options::strict_lines>("strict-lines",
                                     "A line with bytes that are not UTF-8, or \\xNN in JSON, becomes a dead letter "
                                     "instead of being mended."),
        choice<&options::timestamp>("timestamp", "receive|entry|event|line|logged",
                                    "Where @timestamp comes from: the receipt; the client's time of the entry; the "
                                    "line, a dead letter where it has none; the line, else the receipt; logged, the "
                                    "default of run with followed files: as line, but the receipt for the original's "
                                    "JSON."),
        list<&options::regions>(
            "regions", "NAME",
            "Texts in place of the mapping's choices, one of which each document gets; may be repeated."),
        bytes<&options::line_bytes_max>("line-bytes-max", "A longer line becomes a dead letter."),
    };
    return set;
}

/// What --nginx-conf says; nothing where it is not given.
result<nginx_formats> nginx_option(option_values const& values) {
    auto const& file = values.text("nginx-conf");
    if (file.empty()) return nginx_formats{};
    auto found = nginx_log_formats(file, values.text("nginx-log-format"));
    if (!found) return error{errc::invalid_argument, in_context("--nginx-conf", found.error()).message};
    return found;
}

result<std::unique_ptr<transform>> make(option_values const& values) {
    auto chosen = set_of_options().read(values);
    if (!chosen) return chosen.error();
    auto found = mapping_of(values);
    if (!found) return found.error();
    if (chosen->timestamp == timestamp_from::event && found->table.time_keys.empty())
        return error{
            errc::invalid_argument,
            fmt::format("--timestamp event: the mapping {} names no time of a line (key `time`)", found->table.name)};
    auto keys = read_redaction_keys(found->table);
    if (!keys) return keys.error();
    auto files = nginx_option(values);
    if (!files) return files.error();
    return make_normalize({.table = std::move(found->table),
                           .timestamp = chosen->timestamp,
                           .line_bytes_max = chosen->line_bytes_max,
                           .redaction_keys = *std::move(keys),
                           .file_formats = std::move(files->files),
                           .strict_lines = chosen->strict_lines});
}

/// --format, or what --nginx-conf says; empty: neither is given.
result<std::string> format_option(option_values const& values) {
    auto const& format = values.text("format");
    auto const& file = values.text("nginx-conf");
    if (file.empty()) {
        if (auto const fault = format.empty() ? std::string{} : fault_of_format(format); !fault.empty())
            return error{errc::invalid_argument, "--format: " + fault};
        return format;
    }
    if (!format.empty())
        return error{errc::invalid_argument, "--nginx-conf and --format both say the format: give one of them"};
    auto found = nginx_option(values);
    if (!found) return found.error();
    return std::move(found->format);
}

}  // namespace

result<document_mapping> mapping_of(option_values const& values) {
    auto found = nginx_mapping();
    auto const& path = values.text("mapping");
    if (auto const* built_in = built_in_mapping(path); built_in != nullptr) {
        found = *built_in;
    } else if (!path.empty()) {
        auto read = read_mapping(path);
        if (!read) return error{errc::invalid_argument, in_context("--mapping", read.error()).message};
        found = *std::move(read);
    }
    if (auto format = format_option(values); !format)
        return format.error();
    else if (!format->empty())
        found.table.format = *std::move(format);
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
    .metrics = {metrics::all.begin(), metrics::all.end()},
    .make = make,
};

}  // namespace logpipe::formats
