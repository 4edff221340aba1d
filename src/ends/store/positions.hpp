// How far each source is stored, and what became of its events: written in the transaction of the documents.
#pragma once

#include "handles.hpp"
#include "logpipe/stage.hpp"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace logpipe::store {

/// What a transaction adds, a partition each.
class position_changes final {
  public:
    void clear() noexcept { changes_.clear(); }
    /// @param counts  of the batch, with `indexed` and `duplicates` of this transaction.
    void add(position end, event_counts const& counts);
    [[nodiscard]] std::vector<progress> const& all() const noexcept { return changes_; }

  private:
    std::vector<progress> changes_;
};

/// The table `positions`. One thread.
class positions_table final {
  public:
    [[nodiscard]] static result<positions_table> prepare(database& store);

    [[nodiscard]] result<std::vector<progress>> read(database const& store, std::string const& source);
    /// Moves the positions there and adds the counts.
    [[nodiscard]] result<> add(database const& store, std::string const& source, position_changes const& changes);

  private:
    statement select_;
    statement upsert_;
};

}  // namespace logpipe::store
