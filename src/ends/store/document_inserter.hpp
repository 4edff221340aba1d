// Inserts documents, their texts into the full-text index, and counts them in the roll-ups.
#pragma once

#include "handles.hpp"
#include "logpipe/event.hpp"
#include "rollups.hpp"
#include "row_reader.hpp"

#include <cstdint>
#include <string_view>

namespace logpipe::store {

/// Of one connection, within its transaction, for a layout that outlives it. One thread. No memory is taken for a row
/// whose values are known.
class document_inserter final {
  public:
    [[nodiscard]] static result<document_inserter> prepare(database& store, store_layout const& layout, bool full_text);

    /// @param document  followed by row_reader::padding_bytes readable bytes.
    /// @return true when it is new, false when its id is there already.
    [[nodiscard]] result<bool> insert(database const& store, event_id id, std::int64_t received_ms,
                                      std::string_view document);

    /// To be written at the end of the transaction, or forgotten.
    [[nodiscard]] rollups& counts() noexcept { return rollups_; }

  private:
    [[nodiscard]] result<> insert_texts(database const& store);

    store_layout const* layout_ = nullptr;
    row_reader reader_;
    document_row row_;  ///< a member for its memory
    rollups rollups_;
    statement insert_;
    statement insert_texts_;  // none without full text
};

}  // namespace logpipe::store
