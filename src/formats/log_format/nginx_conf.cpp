#include "log_format/nginx_conf.hpp"

#include "core/file.hpp"
#include "core/nearest.hpp"
#include "formats/normalize.hpp"
#include "log_format/named_formats.hpp"
#include "quoted.hpp"

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

/// Cuts a configuration into directives, each its words. https://nginx.org/en/docs/beginners_guide.html#conf_structure
class directive_reader final {
  public:
    explicit directive_reader(std::string_view text) : left_{text} {}

    /// The next directive, simple or the beginning of a block; empty at the end.
    [[nodiscard]] std::vector<std::string> next() {
        std::vector<std::string> words;
        while (!left_.empty()) {
            char const c = left_.front();
            if (c == '#') {
                left_.remove_prefix(std::min(left_.find('\n'), left_.size()));
            } else if (c == ';' || c == '{' || c == '}') {
                left_.remove_prefix(1);
                if (!words.empty()) return words;
            } else if (c == '"' || c == '\'') {
                words.push_back(take_quoted(c));
            } else if (std::string_view{" \t\r\n"}.contains(c)) {
                left_.remove_prefix(1);
            } else {
                words.push_back(take_word());
            }
        }
        return words;
    }

  private:
    std::string take_quoted(char quote) {
        std::string word;
        left_.remove_prefix(1);
        while (!left_.empty() && left_.front() != quote) {
            // nginx undoes a backslash before a quote or a backslash, and writes \t, \r, \n as what they mean.
            if (left_.size() > 1 && left_.front() == '\\') {
                char const next = left_[1];
                constexpr std::string_view names = "trn";
                constexpr std::string_view meant = "\t\r\n";
                if (auto const at = names.find(next); at != std::string_view::npos)
                    word += meant[at];
                else if (next == '"' || next == '\'' || next == '\\')
                    word += next;
                else
                    word.append({'\\', next});
                left_.remove_prefix(2);
                continue;
            }
            word += left_.front();
            left_.remove_prefix(1);
        }
        left_.remove_prefix(std::min<std::size_t>(1, left_.size()));
        return word;
    }

    std::string take_word() {
        // ${name} is part of a word.
        std::size_t end = 0;
        bool in_braces = false;
        while (end < left_.size()) {
            char const c = left_[end];
            if (c == '{' && end > 0 && left_[end - 1] == '$') in_braces = true;
            else if (!in_braces && std::string_view{" \t\r\n;{}"}.contains(c)) break;
            if (c == '}') in_braces = false;
            ++end;
        }
        std::string word{left_.substr(0, end)};
        left_.remove_prefix(end);
        return word;
    }

    std::string_view left_;
};

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
