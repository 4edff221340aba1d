#include "targets.hpp"

namespace logpipe::cli {

result<kafka::kafka_target> kafka_target_of(settings const& options, end_uri const& uri) {
    auto const values = end_values::of(uri, options_of(kafka::kafka_end), options);
    if (!values) return values.error();
    return kafka::kafka_target_of(uri, *values);
}

result<opensearch::opensearch_target> opensearch_target_of(settings const& options, end_uri const& uri) {
    auto const values = end_values::of(uri, options_of(opensearch::opensearch_end), options);
    if (!values) return values.error();
    return opensearch::opensearch_target_of(uri, *values);
}

result<opensearch::index_settings> index_settings_of(settings const& options, end_uri const& uri) {
    auto const values = end_values::of(uri, options_of(opensearch::opensearch_end), options);
    if (!values) return values.error();
    return opensearch::index_settings_of(uri, *values);
}

}  // namespace logpipe::cli
