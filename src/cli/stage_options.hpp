// From settings to the options of each stage.
#pragma once

#include "demo/demo.hpp"
#include "docker/docker.hpp"
#include "formats/normalize.hpp"
#include "forward/forward.hpp"
#include "http/http.hpp"
#include "journal/journal.hpp"
#include "kafka/kafka.hpp"
#include "lines/lines.hpp"
#include "loki/loki.hpp"
#include "opensearch/opensearch.hpp"
#include "settings.hpp"
#include "store/sqlite.hpp"
#include "uri.hpp"

namespace logpipe::cli {

/// Of a sink that is opened only after its source, which may take for ever: a CA file that cannot be used is known at
/// start. @return errc::invalid_argument
[[nodiscard]] result<> check_ca_file(settings const& options);
[[nodiscard]] lines::line_options line_options_of(settings const& options, std::string run_id);
[[nodiscard]] http::http_source_options http_options_of(settings const& options, std::string run_id, std::string url);
[[nodiscard]] result<demo::demo_options> demo_options_of(settings const& options, std::string run_id,
                                                         end_uri const& uri);
[[nodiscard]] result<forward::forward_source_options> forward_source_options_of(settings const& options);
/// @param tls  for forwards://
[[nodiscard]] result<forward::forward_sink_options> forward_sink_options_of(settings const& options,
                                                                            std::string address, bool tls);
[[nodiscard]] journal::journal_options journal_options_of(settings const& options, std::string folder);
[[nodiscard]] result<store::sqlite_sink_options> sqlite_options_of(settings const& options, std::string path);
/// kafka://B1:PORT,B2:PORT/TOPIC
struct kafka_place {
    kafka::kafka_connection connection;
    std::string topic;
};
[[nodiscard]] result<kafka_place> kafka_place_of(settings const& options, end_uri const& uri);
[[nodiscard]] result<kafka::kafka_source_options> kafka_source_options_of(settings const& options, end_uri const& uri);
/// @param letters  for dead letters
[[nodiscard]] result<kafka::kafka_sink_options> kafka_sink_options_of(settings const& options, end_uri const& uri,
                                                                      bool letters);
/// opensearch://HOST:PORT/INDEX, opensearchs:// for TLS
struct opensearch_place {
    opensearch::opensearch_connection connection;
    std::string index;
};
[[nodiscard]] result<opensearch_place> opensearch_place_of(settings const& options, end_uri const& uri);
[[nodiscard]] result<opensearch::opensearch_sink_options> opensearch_sink_options_of(settings const& options,
                                                                                     end_uri const& uri);
/// docker:SOCKET?project=X&label=KEY=VALUE&…, SOCKET a path, or unix://PATH
[[nodiscard]] result<docker::docker_source_options> docker_source_options_of(settings const& options,
                                                                             end_uri const& uri);
/// loki://HOST:PORT, lokis:// for TLS
[[nodiscard]] result<loki::loki_sink_options> loki_sink_options_of(settings const& options, end_uri const& uri);
/// --mapping, or the built-in one; with --regions.
/// @return errc::invalid_argument with each mistake of the file
[[nodiscard]] result<formats::document_mapping> mapping_of(settings const& options);
[[nodiscard]] result<formats::normalize_options> normalize_options_of(settings const& options);

}  // namespace logpipe::cli
