// What was found in a line.
#pragma once

#include "extra_members.hpp"

#include <cstddef>
#include <cstring>
#include <string_view>
#include <vector>

namespace logpipe::formats {

/// Of one line at a time; keeps its memory from line to line. One thread.
struct line_fields {
    explicit line_fields(std::size_t slots) : values(slots), keys(slots) {}

    void clear() noexcept {
        if (!values.empty())  // as empty ones
            std::memset(static_cast<void*>(values.data()), 0, values.size() * sizeof(std::string_view));
        extras.clear();
        known = optional = parts = 0;
    }

    std::vector<std::string_view> values;  ///< by slot; without data where the line has no such key
    std::vector<std::size_t> keys;         ///< of the plan, which gave the value
    extra_members extras;
    std::size_t known = 0;     ///< keys that a field of the document comes from…
    std::size_t optional = 0;  ///< …and those that say nothing of the line
    std::size_t parts = 0;     ///< of those, which may be joined
};

}  // namespace logpipe::formats
