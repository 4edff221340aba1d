// The embedded store: documents with typed columns, full-text search, positions in the same transaction.
#pragma once

#include "logpipe/descriptor.hpp"
#include "logpipe/schema.hpp"
#include "logpipe/stage.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace logpipe::store {

struct sqlite_sink_options {
    std::string path;
    schema documents;  ///< a file that was made for another one is rejected
    bool full_text = true;
    std::size_t transaction_events_max = 50'000;
    std::chrono::milliseconds transaction_age_max{200};
    std::chrono::seconds age_max{0};   ///< documents received longer ago than this are removed; 0: none
    std::uint64_t rows_max = 0;        ///< the newest that are kept; 0: all
    std::uint64_t file_bytes_max = 0;  ///< errc::storage_full above it, with the rest pending; 0: as the disk allows
};
/// Stores positions with the documents. Events go in by transactions; a batch is done when its transaction is on disk.
/// A payload that is not a JSON object is rejected (write() marks it, and gives errc::rejected).
[[nodiscard]] std::unique_ptr<sink> make_sqlite_sink(sqlite_sink_options options);

struct store_summary {
    std::uint64_t documents = 0;
    std::uint64_t size_sum = 0;  ///< of schema::size
    /// Of each of schema::facets the most frequent values, most first.
    std::vector<std::vector<std::pair<std::string, std::uint64_t>>> facets;
    event_counts counts;  ///< the stored ledger, over all sources
};

/// A reader beside the writer: neither waits for the other. One thread.
class store_reader {
  public:
    virtual ~store_reader() = default;
    [[nodiscard]] virtual result<std::uint64_t> count() = 0;
    /// The id of every document, in order, as of one moment. Stops at the first error that `each` returns.
    [[nodiscard]] virtual result<> scan_ids(std::function<result<>(std::string_view)> const& each) = 0;
    /// The document (JSON) under this id. None where there is none.
    [[nodiscard]] virtual result<std::optional<std::string>> find(std::string_view id) = 0;
    /// Every document (JSON), in any order.
    [[nodiscard]] virtual result<> scan_documents(std::function<result<>(std::string_view)> const& each) = 0;
    [[nodiscard]] virtual result<store_summary> summary(std::size_t top_count) = 0;
    /// Documents (JSON) whose texts match an FTS5 query, newest first.
    /// @return errc::invalid_argument for a query that FTS5 cannot read, errc::not_found without a full-text index.
    [[nodiscard]] virtual result<std::vector<std::string>> search(std::string const& query, std::size_t count_max) = 0;
};
/// @param documents  without fields: of any store; its summary then has no facets
/// @return errc::not_found where the file does not exist, errc::invalid_argument where it is not a store, is one of a
/// newer version, or one that was made for other documents.
[[nodiscard]] result<std::unique_ptr<store_reader>> open_store(std::string const& path, schema const& documents = {});

extern end_descriptor const store_end;

}  // namespace logpipe::store
