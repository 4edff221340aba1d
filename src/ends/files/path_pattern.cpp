#include "path_pattern.hpp"

#include "core/file.hpp"

#include <fnmatch.h>

#include <algorithm>
#include <utility>

namespace logpipe::files {

namespace {

bool has_wildcard(std::string_view text) {
    return text.find_first_of("*[") != std::string_view::npos;
}

/// For fnmatch(3), to which a question mark is any character.
std::string escaped(std::string_view name) {
    std::string out;
    for (char const c : name) {
        if (c == '?') out.push_back('\\');
        out.push_back(c);
    }
    return out;
}

std::string joined(std::string const& folder, std::string_view name) {
    if (folder.empty()) return std::string{name};
    return folder.ends_with('/') ? folder + std::string{name} : folder + '/' + std::string{name};
}

class expansion {
  public:
    /// @param folder  empty: the working directory
    void expand(std::string const& folder, std::string_view rest) {
        auto const slash = rest.find('/');
        auto const name = rest.substr(0, slash);
        bool const is_last = slash == std::string_view::npos;
        auto const go_on = [&](std::string const& path) {
            if (is_last)
                add(path);
            else
                expand(path.empty() ? "/" : path, rest.substr(slash + 1));
        };
        if (!has_wildcard(name)) {
            if (is_last) found.folders.insert(folder.empty() ? "." : folder);
            go_on(name.empty() ? folder : joined(folder, name));
            return;
        }
        auto const here = folder.empty() ? std::string{"."} : folder;
        auto const names = system_files().list(here);
        found.folder_is_missing = found.folder_is_missing || !names;
        if (!names) return;
        found.folders.insert(here);
        auto const pattern = escaped(name);
        for (auto const& each : *names)
            if (fnmatch(pattern.c_str(), each.c_str(), FNM_PERIOD) == 0) go_on(joined(folder, each));
    }

    found_files found;

  private:
    void add(std::string const& path) {
        auto const facts = facts_of(path);
        if (!facts) {
            if (facts.error().code == errc::not_found && !facts_of(folder_of(path))) found.folder_is_missing = true;
            return;
        }
        if (!facts->is_regular) return;
        // A second name of a file, or a symbolic link to it, is the same file.
        bool const is_there =
            std::ranges::any_of(found.files, [&](found_file const& each) { return each.facts.inode == facts->inode; });
        if (!is_there) found.files.push_back({.path = path, .facts = *facts});
    }
};

}  // namespace

path_pattern::path_pattern(std::string text) : text_{std::move(text)}, is_plain_{!has_wildcard(text_)} {}

found_files path_pattern::expand() const {
    expansion all;
    if (!is_plain_ && facts_of(text_)) {
        found_files only{.files = {}, .folders = {folder_of(text_)}};
        only.files.push_back({.path = text_, .facts = *facts_of(text_)});
        return only;
    }
    if (text_.starts_with('/'))
        all.expand("/", std::string_view{text_}.substr(std::min(text_.find_first_not_of('/'), text_.size())));
    else
        all.expand({}, text_);
    return std::move(all.found);
}

bool path_pattern::means(std::string const& path) const {
    return path == text_ || fnmatch(escaped(text_).c_str(), path.c_str(), FNM_PERIOD | FNM_PATHNAME) == 0;
}

std::string name_stem(std::string_view path) {
    auto const name = path.substr(path.rfind('/') + 1);
    return std::string{name.substr(0, name.find_first_of(".-", 1))};
}

std::vector<found_file> files_with_stems(std::string const& folder, std::set<std::string> const& stems) {
    std::vector<found_file> all;
    auto const names = system_files().list(folder);
    if (!names) return all;
    for (auto const& name : *names) {
        if (!stems.contains(name_stem(name))) continue;
        auto path = joined(folder == "." ? std::string{} : folder, name);
        if (auto const facts = facts_of(path); facts && facts->is_regular) all.push_back({std::move(path), *facts});
    }
    return all;
}

}  // namespace logpipe::files
