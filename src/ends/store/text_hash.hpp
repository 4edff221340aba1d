// For maps by name in which a piece of text is looked up without a copy of it.
#pragma once

#include <cstddef>
#include <functional>
#include <string_view>

namespace logpipe::store {

struct text_hash {
    using is_transparent = void;
    [[nodiscard]] std::size_t operator()(std::string_view text) const noexcept {
        return std::hash<std::string_view>{}(text);
    }
};

}  // namespace logpipe::store
