// Between the network thread, which decodes, and the pump's thread, which reads.
#pragma once

#include "event_decoder.hpp"

#include "core/batch_inbox.hpp"

namespace logpipe::forward {

using inbox = batch_inbox<event_decoder>;

}  // namespace logpipe::forward
