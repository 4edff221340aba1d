// The page's files, embedded at build time (cmake/embed.cmake). They hold no data: anybody may read them.
#pragma once

#include <span>
#include <string_view>

namespace logpipe::web {

struct asset {
    std::string_view path;  ///< "/": the page itself
    std::string_view content_type;
    std::string_view bytes;
};

[[nodiscard]] std::span<asset const> assets() noexcept;

}  // namespace logpipe::web
