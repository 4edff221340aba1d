// The journal as a sink: batches go to the topic's writer and come back once they are synced.
#pragma once

#include "logpipe/stage.hpp"
#include "topic_writer.hpp"

#include <memory>

namespace logpipe::journal {

[[nodiscard]] std::unique_ptr<sink> make_sink(std::shared_ptr<topic_writer> writer, journal_duplicates duplicates);

}  // namespace logpipe::journal
