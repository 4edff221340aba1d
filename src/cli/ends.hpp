// All ends: adding one is a folder, and a line in ends.cpp.
#pragma once

#include "logpipe/descriptor.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace logpipe::cli {

/// What a process wants of an end. `requests` are those of operators: `status`, `verify`, `dlq`, ….
enum class end_role : std::uint8_t { source, sink, requests };

[[nodiscard]] std::span<end_descriptor const* const> ends() noexcept;
/// None where no end has that scheme.
[[nodiscard]] end_descriptor const* end_of_scheme(std::string_view scheme) noexcept;
[[nodiscard]] std::vector<std::string_view> const& schemes_of(end_descriptor const& end, end_role role) noexcept;
[[nodiscard]] std::vector<option> const& options_of(end_descriptor const& end, end_role role) noexcept;

/// In all roles; a name that several have is there once.
[[nodiscard]] std::vector<option> options_of(end_descriptor const& end);

/// An end that a process is going to have, by its URI.
struct used_end {
    std::string uri;
    end_role role = end_role::source;
};

}  // namespace logpipe::cli
