#include "core/memory_options.hpp"

#include "core/log.hpp"
#include "core/memory_budget.hpp"
#include "core/options.hpp"

#include <fmt/format.h>

namespace logpipe {

void fit_to_memory(std::size_t& bytes, std::string_view option, option_values const& values) {
    auto const most = process_memory().limits().largest;
    if (most == 0 || bytes <= most) return;
    auto const said =
        fmt::format("--{} is {} instead of {}: a quarter of --memory-max", option, bytes_text(most), bytes_text(bytes));
    if (values.is_default(option)) {
        log_info("{}", said);
    } else {
        log_warn("{}", said);
    }
    bytes = most;
}

}  // namespace logpipe
