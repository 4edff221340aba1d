#include "core/path_tag.hpp"

#include "core/clean_text.hpp"

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <system_error>

namespace logpipe {

namespace {

constexpr std::size_t bytes_max = 900;

}  // namespace

std::string real_path(std::string const& path) {
    std::error_code failed;
    auto const whole = std::filesystem::absolute(path, failed).lexically_normal();
    if (failed) return path;
    auto const folder = std::filesystem::weakly_canonical(whole.parent_path(), failed);
    return failed ? whole.string() : (folder / whole.filename()).string();
}

std::string path_tag(std::string_view path) {
    path.remove_prefix(std::min(path.find_first_not_of('/'), path.size()));
    if (path.size() > bytes_max) path.remove_prefix(path.size() - bytes_max);
    auto tag = clean_utf8(path);
    std::ranges::replace(tag, '/', '.');
    return tag;
}

std::string tag_of_file(std::string_view tag, std::string_view path) {
    auto const star = tag.find('*');
    std::string whole{tag};
    return star == std::string_view::npos ? whole : whole.replace(star, 1, path_tag(path));
}

}  // namespace logpipe
