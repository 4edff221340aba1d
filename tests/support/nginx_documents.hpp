// The built-in schema, and its facets by name.
#pragma once

#include "formats/normalize.hpp"

#include <cstddef>

namespace logpipe::test {

inline schema const& nginx_documents() {
    return formats::nginx_mapping().documents;
}

/// Places in schema::facets.
namespace facet {
inline constexpr std::size_t status = 0;
inline constexpr std::size_t ip = 1;
inline constexpr std::size_t request = 2;
inline constexpr std::size_t referrer = 3;
inline constexpr std::size_t agent = 4;
inline constexpr std::size_t region = 5;
}  // namespace facet

}  // namespace logpipe::test
