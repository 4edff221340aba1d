// The journal in a world that is handed in.
#pragma once

#include "core/environment.hpp"
#include "journal/journal.hpp"

#include <memory>

namespace logpipe::journal {

[[nodiscard]] std::unique_ptr<source> make_journal_source(journal_source_options options, environment world);

}  // namespace logpipe::journal
