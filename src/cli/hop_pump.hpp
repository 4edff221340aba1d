// From a hop's spec to its pumps.
#pragma once

#include "endpoints.hpp"
#include "logpipe/pipeline.hpp"
#include "runtime/supervisor.hpp"

#include <memory>
#include <string>

namespace logpipe::cli {

/// To `hop.to`, and by their tags to the hop's routes.
[[nodiscard]] result<std::unique_ptr<sink>> make_sink_of(hop_spec const& hop, endpoints& ends);
/// @param dead  outlives the pump
[[nodiscard]] result<runtime::supervised_pump> make_pump_of(hop_spec const& hop, std::string name, endpoints& ends,
                                                            std::unique_ptr<sink> to, dead_letters* dead);

}  // namespace logpipe::cli
