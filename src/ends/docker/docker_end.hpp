// The options of the source, as a URI and the values of options give them.
#pragma once

#include "docker/docker.hpp"

namespace logpipe::docker {

[[nodiscard]] result<docker_source_options> source_options_of(end_request const& request);

}  // namespace logpipe::docker
