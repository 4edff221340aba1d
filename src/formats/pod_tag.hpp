// Whose line it is, where the tag has the path of a log below /var/log/pods (Kubernetes): a document's `kubernetes`.
#pragma once

#include <string>
#include <string_view>

namespace logpipe::formats {

/// The document's member, as Fluent Bit names it too.
inline constexpr std::string_view pod_member = "kubernetes";

/// @return the member's value, as JSON, with a block of readable bytes after it; empty where the tag is another's. A
/// function of the tag alone, so a repeat makes the same bytes.
[[nodiscard]] std::string pod_of_tag(std::string_view tag);

}  // namespace logpipe::formats
