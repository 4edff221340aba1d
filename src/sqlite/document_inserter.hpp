// Inserts documents, and their texts into the full-text index.
#pragma once

#include "handles.hpp"
#include "logpipe/event.hpp"
#include "row_reader.hpp"

#include <cstdint>
#include <string_view>

namespace logpipe {

/// Of one connection, within its transaction. One thread. No memory is taken for a row.
class document_inserter final {
  public:
    [[nodiscard]] static result<document_inserter> prepare(database& store, bool full_text);

    /// @param document  followed by row_reader::padding_bytes readable bytes.
    /// @return true when it is new, false when its id is there already.
    [[nodiscard]] result<bool> insert(database const& store, event_id id, std::int64_t received_ms,
                                      std::string_view document);

  private:
    [[nodiscard]] result<> insert_texts(database const& store, document_row const& row);

    row_reader reader_;
    statement insert_;
    statement insert_texts_;  // none without full text
};

}  // namespace logpipe
