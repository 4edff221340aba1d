#include "log_format/nginx_conf.hpp"

#include "core/file.hpp"
#include "core/nearest.hpp"
#include "formats/normalize.hpp"
#include "log_format/directives.hpp"
#include "log_format/named_formats.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <glob.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <utility>
#include <vector>

namespace logpipe::formats {

namespace {

constexpr std::size_t file_bytes_max = std::size_t{4} << 20U;
constexpr std::size_t include_depth_max = 16;

struct found_formats {
    std::map<std::string, std::string, std::less<>> formats;
    std::string used;  ///< by the first access_log that names one
};

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
        } else if (words[0] == "access_log" && words.size() > 2 && into.used.empty() && !words[2].contains('=')) {
            into.used = words[2];
        }
    }
    return {};
}

}  // namespace

result<std::string> nginx_log_format(std::string const& path, std::string_view name) {
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
    if (format->second.starts_with('{')) return std::string{"json"};
    if (auto const fault = fault_of_format(format->second); !fault.empty())
        return error{errc::invalid_argument, fmt::format("{}: log_format {}: {}", path, wanted, fault)};
    return format->second;
}

}  // namespace logpipe::formats
