// The journal as a source, for a group: in the writer's process, or in another one.
#pragma once

#include "environment.hpp"
#include "logpipe/stage.hpp"
#include "topic_writer.hpp"

#include <memory>

namespace logpipe::journal {

/// @param writer  none: another process writes, and its `state` file says how far
[[nodiscard]] std::unique_ptr<source> make_source(journal_source_options options, environment world,
                                                  std::shared_ptr<topic_writer> writer);

}  // namespace logpipe::journal
