// All ends and transforms: adding one is a folder, and a line in ends.cpp.
#pragma once

#include "logpipe/descriptor.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace logpipe::cli {

/// What a process wants of ends: `requests` are those of operators (`status`, `verify`, `dlq`, …). And of transforms:
/// one, or only to know the fields of the documents that it makes.
enum class end_role : std::uint8_t { source, sink, requests, set_up, transform, documents };

[[nodiscard]] std::span<end_descriptor const* const> ends() noexcept;
/// None where no end has that scheme.
[[nodiscard]] end_descriptor const* end_of_scheme(std::string_view scheme) noexcept;
[[nodiscard]] std::vector<std::string_view> const& schemes_of(end_descriptor const& end, end_role role) noexcept;
[[nodiscard]] std::vector<option> const& options_of(end_descriptor const& end, end_role role) noexcept;

/// In all roles; a name that several have is there once.
[[nodiscard]] std::vector<option> options_of(end_descriptor const& end);

[[nodiscard]] std::span<transform_descriptor const* const> transforms() noexcept;
/// None where no transform has that name.
[[nodiscard]] transform_descriptor const* transform_of_name(std::string_view name) noexcept;

/// An end that a process is going to have, by its URI.
struct used_end {
    std::string uri;
    end_role role = end_role::source;
};

}  // namespace logpipe::cli
