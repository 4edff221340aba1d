// The store's one writing connection: transactions of documents, their texts, positions and retention, all or nothing.
#pragma once

#include "core/jump_watch.hpp"
#include "document_inserter.hpp"
#include "handles.hpp"
#include "logpipe/event.hpp"
#include "logpipe/stage.hpp"
#include "positions.hpp"
#include "retention.hpp"
#include "store/sqlite.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace logpipe::store {

/// What a store takes its times from, so that tests can hand in their own.
struct store_clocks {
    wall_clock now = now_ns;
    wall_clock running = running_time_ns;
};

/// One thread. After a failure nothing of the transaction is left.
class store_writer final {
  public:
    /// @param waits  called while another process writes the store; it returns false to end with errc::busy.
    [[nodiscard]] static result<std::unique_ptr<store_writer>> open(sqlite_sink_options const& options,
                                                                    std::function<bool()> waits,
                                                                    store_clocks const& clocks = {});
    store_writer(store_writer const&) = delete;
    store_writer& operator=(store_writer const&) = delete;
    ~store_writer();

    /// Begins a transaction where none is open, and inserts. Sets `indexed` and `duplicates` of the batch.
    [[nodiscard]] result<> insert(batch& events);
    /// Writes how far `source` is, removes what is too old, and commits. Durable when it returns.
    [[nodiscard]] result<> commit(std::string const& source, std::vector<batch> const& pending);
    [[nodiscard]] result<std::vector<progress>> positions_of(std::string const& source);

    /// Whether `document` is a JSON object that SQLite's own JSON functions can read.
    [[nodiscard]] result<bool> is_object(std::string_view document);
    [[nodiscard]] std::uint64_t removed() const noexcept { return removed_; }
    [[nodiscard]] std::uint64_t clock_jumps() const noexcept { return watch_.jumps(); }

  private:
    store_writer(schema const& documents, store_clocks const& clocks)
        : layout_{documents}, watch_{"sqlite_sink", clocks.now, clocks.running} {}
    [[nodiscard]] result<> insert_rows(batch& events);
    [[nodiscard]] result<> check_in_place() const;
    [[nodiscard]] result<> write_end(std::string const& source, std::vector<batch> const& pending);
    /// @return `reason`, with the transaction rolled back.
    [[nodiscard]] error rolled_back(error reason);

    store_layout const layout_;  // first: all below refer to it
    jump_watch watch_;
    std::function<bool()> waits_;
    database store_;
    document_inserter documents_;
    positions_table positions_;
    retention retention_;
    statement is_object_;
    std::uint64_t new_rows_ = 0;  ///< in the open transaction
    std::uint64_t removed_ = 0;
};

}  // namespace logpipe::store
