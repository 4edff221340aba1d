// From settings to the options of each stage.
#pragma once

#include "logpipe/forward.hpp"
#include "logpipe/journal.hpp"
#include "logpipe/lines.hpp"
#include "logpipe/normalize.hpp"
#include "logpipe/sqlite.hpp"
#include "settings.hpp"
#include "uri.hpp"

namespace logpipe {

[[nodiscard]] line_options line_options_of(settings const& options, std::string run_id);
[[nodiscard]] http_source_options http_options_of(settings const& options, std::string run_id, std::string url);
[[nodiscard]] result<demo_options> demo_options_of(settings const& options, std::string run_id, end_uri const& uri);
[[nodiscard]] result<forward_source_options> forward_source_options_of(settings const& options);
/// @param tls  for forwards://
[[nodiscard]] result<forward_sink_options> forward_sink_options_of(settings const& options, std::string address,
                                                                   bool tls);
[[nodiscard]] journal_options journal_options_of(settings const& options, std::string folder);
[[nodiscard]] sqlite_sink_options sqlite_options_of(settings const& options, std::string path);
[[nodiscard]] normalize_options normalize_options_of(settings const& options);

}  // namespace logpipe
