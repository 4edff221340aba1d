// Options that cannot be met within --memory-max.
#pragma once

#include "logpipe/descriptor.hpp"

#include <cstddef>
#include <string_view>

namespace logpipe {

/// Lowers the option's value to what one message or body may take, and says so: a larger one could only end the
/// process.
void fit_to_memory(std::size_t& bytes, std::string_view option, option_values const& values);

}  // namespace logpipe
