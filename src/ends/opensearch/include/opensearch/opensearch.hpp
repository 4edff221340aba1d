// OpenSearch by its HTTP API: the sink that indexes, the index template, and what an operator requests of it.
// https://opensearch.org/docs/2.19/api-reference/document-apis/bulk/
#pragma once

#include "logpipe/descriptor.hpp"
#include "logpipe/schema.hpp"
#include "logpipe/stage.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace logpipe::opensearch {

class request_pace;

struct opensearch_connection {
    std::string address = "localhost:9200";  ///< HOST:PORT, or several of one cluster separated by commas
    std::string path_prefix;                 ///< of every request's path, for a gateway: "/gateway/opensearch"
    bool tls = false;
    std::string ca_file;
    std::string certificate_file;  ///< to show to the server, with key_file
    std::string key_file;
    bool insecure_skip_verify = false;
    std::string username;  ///< basic authentication…
    std::string password;
    std::string password_file;  ///< its file, reloaded on SIGHUP; empty: none
    std::string api_key_file;   ///< the same of the key
    std::string api_key;        ///< …or this, as `Authorization: ApiKey …`
    std::chrono::milliseconds connect_timeout{10'000};
    std::chrono::milliseconds request_timeout{60'000};  ///< for the whole response
};

/// What the index's template says beside the mapping, and how long indices are kept.
struct index_settings {
    std::uint64_t shards = 1;
    std::uint64_t replicas = 0;
    std::string codec;         ///< "best_compression", "zstd"; empty: the server's
    std::string refresh;       ///< "30s"; empty: the server's
    bool data_stream = false;  ///< the name is that of a data stream
    /// For readers, one name for all indices of a pattern; "auto": what stands before its first date; "none".
    std::string alias = "auto";
    std::chrono::milliseconds age_max{0};  ///< of a dated index, which is deleted then; 0: none is

    friend bool operator==(index_settings const&, index_settings const&) = default;
};

struct opensearch_sink_options {
    opensearch_connection connection;
    std::string index;  ///< or a pattern: docs/internals/opensearch.md
    index_settings settings;
    std::vector<std::string> tags;                        ///< with an index each where the pattern has {tag}
    std::chrono::milliseconds index_window{604'800'000};  ///< how far the time that chooses an index may be off
    bool require_rolling = false;                         ///< refuse data streams, and aliases with a write index
    schema documents;                                     ///< by which the index's template is made
    std::size_t bulk_bytes_max = std::size_t{1} << 20U;   ///< of one request, before compression
    std::size_t bulk_events_max = 2'000;
    std::size_t requests_in_flight_max = 4;  ///< each over a separate connection
    bool compress = false;                   ///< gzip
    bool check_mapping = true;               ///< open() compares the live mapping with the template's
    /// What cannot be served now is retried after waits that double from the first to the longest.
    std::chrono::milliseconds retry_first{100};
    std::chrono::milliseconds retry_longest{10'000};
    /// A document that fails while others are stored is moved to the retry queue and retried with the same waits,
    /// without holding a connection. It becomes a dead letter after this many attempts, and this long after the first.
    std::uint64_t document_tries = 10;
    std::chrono::milliseconds document_retry_time{300'000};
    std::size_t retry_events_max = 1'000;  ///< moved to the retry queue at a time; then the others wait
    std::size_t retry_bytes_max = std::size_t{16} << 20U;
    /// The breaker opens when the target is not ready (no right, no index, no such pipeline), when every document fails
    /// with one error that is not about the document, and when of the last `breaker_window` documents at least
    /// `breaker_rejects_min` (0: never), and more than half, were rejected. Then the stage is down, and one document is
    /// tried after waits that double from retry_first to this; the breaker closes once one is stored.
    std::chrono::milliseconds probe_longest{10'000};
    std::size_t breaker_window = 1'000;
    std::size_t breaker_rejects_min = 100;
};
/// Documents are indexed by `_bulk` with `create` and the event's id as `_id`: one that is there already is counted,
/// not changed. What each response means: docs/internals/opensearch.md.
/// @param pace  shared by the sinks that have the same servers; null: of this one alone
[[nodiscard]] std::unique_ptr<sink> make_opensearch_sink(opensearch_sink_options options,
                                                         std::shared_ptr<request_pace> pace = {});

/// The index template that logpipe puts by itself: explicit types and a version.
[[nodiscard]] std::string opensearch_template(std::string const& index, schema const& documents);

struct index_set_up_options {
    index_settings settings;
    bool dry_run = false;  ///< only says what would be done
    bool diff = false;     ///< the same, but of the template only what would change
    /// The fields' names of the Elastic Common Schema as aliases. A line that has a text where these are
    /// objects (`client`, `http`) is rejected then.
    bool ecs_names = false;
};

struct index_set_up {
    std::vector<std::string> lines;  ///< what was done, or would be
    /// A template that is not ours matches the index: nothing was put, and the lines say how it differs.
    bool left_to_others = false;
    bool would_change = false;  ///< of `diff`
};

struct opensearch_summary {
    std::string version;
    std::string cluster;
    std::string status;  ///< "green", "yellow", "red"
    std::uint64_t nodes = 0;
    std::uint64_t documents = 0;  ///< in the index; 0 where there is none
    std::uint64_t index_bytes = 0;
    std::uint64_t disk_bytes_free = 0;
    std::uint64_t disk_bytes = 0;
};

/// One cluster, as an operator sees it. An index is a name, an alias, or a pattern, which stands for all its indices.
/// One thread; every call is one or a few requests.
class opensearch_admin {
  public:
    virtual ~opensearch_admin() = default;
    [[nodiscard]] virtual result<opensearch_summary> summary(std::string const& index) = 0;
    /// Puts the template (and makes the index's mapping follow where it can), unless a template of somebody else
    /// matches the index.
    [[nodiscard]] virtual result<index_set_up> set_up(std::string const& index,
                                                      index_set_up_options const& options) = 0;
    /// How the live mapping differs from the template in a way that matters, a line each; empty: it does not.
    [[nodiscard]] virtual result<std::vector<std::string>> mapping_conflicts(std::string const& index) = 0;
    /// Makes what was indexed visible to searches and counts.
    [[nodiscard]] virtual result<> refresh(std::string const& index) = 0;
    [[nodiscard]] virtual result<std::uint64_t> count(std::string const& index) = 0;
    /// Gives the `_id` of every document as of one point in time (one for each shard), in no order. Stops at the first
    /// error that `each` returns.
    [[nodiscard]] virtual result<> scan_ids(std::string const& index,
                                            std::function<result<>(std::string_view)> const& each) = 0;
    struct found_document {
        std::string index;
        std::string source;  ///< JSON
    };
    /// Those under this `_id`, of each index that the name stands for. What was indexed since the last refresh is not
    /// seen.
    [[nodiscard]] virtual result<std::vector<found_document>> find(std::string const& index, std::string_view id) = 0;
};
/// @param documents  of the indices that it sets up
[[nodiscard]] std::unique_ptr<opensearch_admin> make_opensearch_admin(opensearch_connection connection,
                                                                      schema documents = {});

/// What operators' requests need of a URI. @return errc::invalid_argument for one of another form
struct opensearch_target {
    opensearch_connection connection;
    std::string index;  ///< or a pattern
};
[[nodiscard]] result<opensearch_target> opensearch_target_of(end_uri const& uri, option_values const& values);
/// @return errc::invalid_argument for values that do not fit the URI's index
[[nodiscard]] result<index_settings> index_settings_of(end_uri const& uri, option_values const& values);

extern end_descriptor const opensearch_end;

}  // namespace logpipe::opensearch
