// A file's path in a tag, as Fluentd's tail has it: "/var/log/nginx/shop.log" is var.log.nginx.shop.log.
#pragma once

#include <string>
#include <string_view>

namespace logpipe {

/// From the root, with the folder that symbolic links lead to; the file itself need not be there.
[[nodiscard]] std::string real_path(std::string const& path);
/// UTF-8, and of a very long path its end: a tag has a limit (forward/forward_message.hpp).
[[nodiscard]] std::string path_tag(std::string_view path);
/// The tag with the path in place of its first `*`, where it has one.
[[nodiscard]] std::string tag_of_file(std::string_view tag, std::string_view path);

}  // namespace logpipe
