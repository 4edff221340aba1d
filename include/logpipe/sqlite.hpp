// The embedded store: documents with typed columns, full-text search, positions in the same transaction.
#pragma once

#include "logpipe/stage.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace logpipe {

struct sqlite_sink_options {
    std::string path;
    bool full_text = true;
    std::size_t transaction_events_max = 50'000;
    std::chrono::milliseconds transaction_age_max{200};
    std::chrono::seconds age_max{0};  ///< documents older than this are removed; 0: none
    std::uint64_t rows_max = 0;       ///< the newest that are kept; 0: all
};
[[nodiscard]] std::unique_ptr<sink> make_sqlite_sink(sqlite_sink_options options);

struct store_summary {
    std::uint64_t documents = 0;
    std::uint64_t bytes_sent = 0;                                 ///< sum of event.bytes
    std::vector<std::pair<std::string, std::uint64_t>> statuses;  ///< by response code, most first
    std::vector<std::pair<std::string, std::uint64_t>> requests;  ///< most frequent
    event_counts counts;                                          ///< the stored ledger, over all sources
};

/// A reader beside the writer. One thread.
class store_reader {
  public:
    virtual ~store_reader() = default;
    [[nodiscard]] virtual result<store_summary> summary(std::size_t top_count) = 0;
    /// Documents (JSON) whose request, agent or referrer match an FTS5 query, newest first.
    [[nodiscard]] virtual result<std::vector<std::string>> search(std::string const& query, std::size_t count_max) = 0;
};
[[nodiscard]] result<std::unique_ptr<store_reader>> open_store(std::string const& path);

}  // namespace logpipe
