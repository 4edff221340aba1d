// The options of the sink, as a URI and the values of options give them.
#pragma once

#include "loki/loki.hpp"

namespace logpipe::loki {

[[nodiscard]] result<loki_sink_options> sink_options_of(end_request const& request);

}  // namespace logpipe::loki
