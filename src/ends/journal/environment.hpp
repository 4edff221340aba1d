// The journal in a world that is handed in.
#pragma once

#include "core/environment.hpp"
#include "journal/journal.hpp"

#include <memory>

namespace logpipe::journal {

[[nodiscard]] result<std::shared_ptr<topic>> open_journal(journal_options options, environment world);
[[nodiscard]] std::unique_ptr<source> make_journal_source(journal_source_options options, environment world);

}  // namespace logpipe::journal
