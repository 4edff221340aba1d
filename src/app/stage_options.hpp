// From settings to the options of each stage.
#pragma once

#include "logpipe/docker.hpp"
#include "logpipe/forward.hpp"
#include "logpipe/journal.hpp"
#include "logpipe/kafka.hpp"
#include "logpipe/lines.hpp"
#include "logpipe/loki.hpp"
#include "logpipe/normalize.hpp"
#include "logpipe/opensearch.hpp"
#include "logpipe/sqlite.hpp"
#include "settings.hpp"
#include "uri.hpp"

namespace logpipe {

/// Of a sink that is opened only after its source, which may take for ever: a CA file that cannot be used is known at
/// start. @return errc::invalid_argument
[[nodiscard]] result<> check_ca_file(settings const& options);
[[nodiscard]] line_options line_options_of(settings const& options, std::string run_id);
[[nodiscard]] http_source_options http_options_of(settings const& options, std::string run_id, std::string url);
[[nodiscard]] result<demo_options> demo_options_of(settings const& options, std::string run_id, end_uri const& uri);
[[nodiscard]] result<forward_source_options> forward_source_options_of(settings const& options);
/// @param tls  for forwards://
[[nodiscard]] result<forward_sink_options> forward_sink_options_of(settings const& options, std::string address,
                                                                   bool tls);
[[nodiscard]] journal_options journal_options_of(settings const& options, std::string folder);
[[nodiscard]] sqlite_sink_options sqlite_options_of(settings const& options, std::string path);
/// kafka://B1:PORT,B2:PORT/TOPIC
struct kafka_place {
    kafka_connection connection;
    std::string topic;
};
[[nodiscard]] result<kafka_place> kafka_place_of(settings const& options, end_uri const& uri);
[[nodiscard]] result<kafka_source_options> kafka_source_options_of(settings const& options, end_uri const& uri);
/// @param letters  for dead letters
[[nodiscard]] result<kafka_sink_options> kafka_sink_options_of(settings const& options, end_uri const& uri,
                                                               bool letters);
/// opensearch://HOST:PORT/INDEX, opensearchs:// for TLS
struct opensearch_place {
    opensearch_connection connection;
    std::string index;
};
[[nodiscard]] result<opensearch_place> opensearch_place_of(settings const& options, end_uri const& uri);
[[nodiscard]] result<opensearch_sink_options> opensearch_sink_options_of(settings const& options, end_uri const& uri);
/// docker:SOCKET?project=X&label=KEY=VALUE&…, SOCKET a path, or unix://PATH
[[nodiscard]] result<docker_source_options> docker_source_options_of(settings const& options, end_uri const& uri);
/// loki://HOST:PORT, lokis:// for TLS
[[nodiscard]] result<loki_sink_options> loki_sink_options_of(settings const& options, end_uri const& uri);
[[nodiscard]] normalize_options normalize_options_of(settings const& options);

}  // namespace logpipe
