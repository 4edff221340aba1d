// What operators' requests need of a URI, with its parameters over the settings.
#pragma once

#include "kafka/kafka.hpp"
#include "opensearch/opensearch.hpp"
#include "settings.hpp"

namespace logpipe::cli {

[[nodiscard]] result<kafka::kafka_target> kafka_target_of(settings const& options, end_uri const& uri);
[[nodiscard]] result<opensearch::opensearch_target> opensearch_target_of(settings const& options, end_uri const& uri);
/// For `setup`.
[[nodiscard]] result<opensearch::index_settings> index_settings_of(settings const& options, end_uri const& uri);

}  // namespace logpipe::cli
