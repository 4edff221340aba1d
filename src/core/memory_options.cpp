#include "core/memory_options.hpp"

#include "core/memory_budget.hpp"
#include "core/options.hpp"

#include <fmt/format.h>

namespace logpipe {

void fit_to_memory(std::size_t& bytes, std::string_view option, option_values const& values) {
    auto const most = process_memory().limits().largest;
    if (most == 0 || bytes <= most) return;
    say_lowered(values, option,
                fmt::format("--{} is {} instead of {}: a quarter of --memory-max", option, bytes_text(most),
                            bytes_text(bytes)));
    bytes = most;
}

}  // namespace logpipe
