#include "log_format/nginx_conf.hpp"

#include "core/file.hpp"
#include "core/log.hpp"
#include "core/nearest.hpp"
#include "core/path_tag.hpp"
#include "formats/normalize.hpp"
#include "log_format/directives.hpp"
#include "log_format/named_formats.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <glob.h>

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

namespace logpipe::formats {

namespace {

constexpr std::size_t file_bytes_max = std::size_t{4} << 20U;
constexpr std::size_t include_depth_max = 16;

struct log_directive {
    std::string path;
    std::string format;
};

struct found_formats {
    std::map<std::string, std::string, std::less<>> formats;
    std::string used;                 ///< by the first access_log that names one
    std::vector<log_directive> logs;  ///< that are files
};

/// Not off, syslog:server=…, memory:32m or stderr.
bool is_file(std::string_view target) {
    return target != "off" && target != "stderr" && target != "/dev/null" && !target.starts_with("syslog:") &&
           !target.starts_with("memory:");
}

void take_log(std::vector<std::string> const& words, found_formats& into) {
    bool const is_access = words[0] == "access_log";
    bool const has_format = is_access && words.size() > 2 && !words[2].contains('=');
    if (has_format && into.used.empty()) into.used = words[2];
    if (is_file(words[1]))
        into.logs.push_back({.path = words[1], .format = !is_access ? "" : has_format ? words[2] : "combined"});
}

std::vector<std::string> files_of(std::string const& pattern) {
    std::vector<std::string> files;
    glob_t found{};
    if (glob(pattern.c_str(), 0, nullptr, &found) == 0)
        for (std::size_t i = 0; i < found.gl_pathc; ++i) files.emplace_back(found.gl_pathv[i]);
    globfree(&found);
    return files;
}

result<> read_conf(std::string const& path, std::filesystem::path const& folder, std::size_t depth,
                   found_formats& into) {
    if (depth > include_depth_max)
        return error{errc::invalid_argument, fmt::format("{}: more than {} includes in one another", path, depth - 1)};
    auto const text = read_file(system_files(), path, file_bytes_max);
    if (!text) return text.error();
    directive_reader reader{*text};
    for (auto words = reader.next(); !words.empty(); words = reader.next()) {
        if (words[0] == "include" && words.size() == 2) {
            for (auto const& file : files_of((folder / words[1]).string()))
                if (auto read = read_conf(file, folder, depth + 1, into); !read) return read;
        } else if (words[0] == "log_format" && words.size() > 2) {
            auto& format = into.formats[words[1]];
            format.clear();
            for (auto word = words.begin() + (words[2].starts_with("escape=") ? 3 : 2); word != words.end(); ++word)
                format += *word;
        } else if ((words[0] == "access_log" || words[0] == "error_log") && words.size() > 1) {
            take_log(words, into);
        }
    }
    return {};
}

/// As tags have it: $host and ${host} are any text.
std::string tag_pattern(std::string const& path) {
    std::string pattern;
    for (std::size_t i = 0; i < path.size(); ++i) {
        if (path[i] != '$') {
            pattern += path[i];
            continue;
        }
        pattern += '*';
        bool const in_braces = i + 1 < path.size() && path[i + 1] == '{';
        auto const is_of_name = [&](char c) {
            return in_braces ? c != '}' : std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
        };
        while (i + 1 < path.size() && is_of_name(path[i + 1])) ++i;
        if (in_braces) ++i;
    }
    return path_tag(pattern.starts_with('/') ? real_path(pattern) : pattern);
}

/// @return errc::invalid_argument where it cannot be compiled
result<std::string> format_of(std::string const& name, std::string const& text) {
    if (text.starts_with('{')) return std::string{"json"};
    if (auto const fault = fault_of_format(text); !fault.empty())
        return error{errc::invalid_argument, fmt::format("log_format {}: {}", name, fault)};
    return text;
}

/// @return none: no such log_format, or it cannot be compiled, which is logged
std::optional<file_format> format_of_log(log_directive const& log, found_formats const& found) {
    if (log.format.empty()) return file_format{tag_pattern(log.path), "nginx-error", "nginx-error"};
    auto const text = found.formats.find(log.format);
    if (text == found.formats.end()) {
        log_warn("--nginx-conf: {} has the log_format {}, which there is not", log.path, log.format);
        return std::nullopt;
    }
    auto format = format_of(log.format, text->second);
    if (!format) {
        log_warn("--nginx-conf: {}: {}", log.path, format.error().message);
        return std::nullopt;
    }
    return file_format{tag_pattern(log.path), log.format, *std::move(format)};
}

std::vector<file_format> formats_of_files(found_formats const& found) {
    std::vector<file_format> files;
    std::set<std::string> mixed;
    for (auto const& each : found.logs) {
        auto file = format_of_log(each, found);
        if (!file) continue;
        auto const same = std::ranges::find(files, file->path, &file_format::path);
        if (same == files.end())
            files.push_back(*std::move(file));
        else if (same->format != file->format)
            mixed.insert(same->path);
    }
    std::erase_if(files, [&](file_format const& each) { return mixed.contains(each.path); });
    std::ranges::stable_sort(files, {}, [](file_format const& each) {
        return std::pair{each.path.contains('*'), -static_cast<std::ptrdiff_t>(each.path.size())};
    });
    return files;
}

}  // namespace

result<nginx_formats> nginx_log_formats(std::string const& path, std::string_view name) {
    found_formats found;
    found.formats["combined"] = log_formats::combined;  // nginx defines it itself
    if (auto read = read_conf(path, std::filesystem::path{path}.parent_path(), 0, found); !read) return read.error();
    auto const wanted = !name.empty() ? std::string{name} : found.used.empty() ? "combined" : found.used;
    auto const format = found.formats.find(wanted);
    if (format == found.formats.end()) {
        std::vector<std::string_view> names;
        for (auto const& each : found.formats) names.push_back(each.first);
        auto const near = nearest(wanted, names);
        return error{errc::invalid_argument,
                     fmt::format("{}: no log_format {}; {}", path, wanted,
                                 near.empty() ? fmt::format("there are {}", fmt::join(names, ", "))
                                              : fmt::format("did you mean {}?", near))};
    }
    auto text = format_of(wanted, format->second);
    if (!text) return in_context(path, text.error());
    return nginx_formats{.format = *std::move(text),
                         .files = name.empty() ? formats_of_files(found) : std::vector<file_format>{}};
}

}  // namespace logpipe::formats
