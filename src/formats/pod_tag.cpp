#include "pod_tag.hpp"

#include "document_writer.hpp"
#include "text/escapes.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace logpipe::formats {

namespace {

// The kubelet's paths are /var/log/pods/NAMESPACE_POD_UID/CONTAINER/RESTARTS.log, where a tag has dots for slashes.
// Only the name of a pod may have dots, and none of them an underscore (RFC 1123 names).
constexpr std::string_view folder = "var.log.pods.";
constexpr std::string_view ending = ".log";

/// Takes what comes before `end` and `end` itself off the text. @return nothing where it is something else than a name
std::string_view take_name(std::string_view& text, char end) noexcept {
    auto const name = text.substr(0, text.find(end));
    text.remove_prefix(std::min(name.size() + 1, text.size()));
    bool const is_name = std::ranges::all_of(name, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
    });
    return is_name ? name : std::string_view{};
}

}  // namespace

std::string pod_of_tag(std::string_view tag) {
    auto const at = tag.find(folder);
    if (at == std::string_view::npos || (at > 0 && tag[at - 1] != '.') || !tag.ends_with(ending)) return {};
    auto rest = tag.substr(at + folder.size());
    rest.remove_suffix(ending.size());
    auto const name_space = take_name(rest, '_');
    auto const pod = take_name(rest, '_');
    auto const uid = take_name(rest, '.');
    auto const container = take_name(rest, '.');
    if (name_space.empty() || pod.empty() || uid.empty() || container.empty() || !is_digits(rest)) return {};
    auto text = fmt::format(R"({{"namespace_name":"{}","pod_name":"{}","pod_id":"{}","container_name":"{}"}})",
                            name_space, pod, uid, container);
    text.reserve(text.size() + document_writer::block_bytes);
    return text;
}

}  // namespace logpipe::formats
