// The id of a chunk: 96 bits of XXH3 over what a retry of it would repeat. Lengths are mixed in between the parts,
// so ("ab", "c") and ("a", "bc") differ. The value is on disk and on the wire: it never changes.
#pragma once

#include "logpipe/event.hpp"

#include <memory>
#include <string_view>

namespace logpipe {

/// @return the id of the chunk's first event (`index()` 0), never the zero id.
[[nodiscard]] event_id chunk_hash(std::string_view tag, std::string_view chunk_id, std::string_view entries);

/// The same for entries that arrive in pieces. One thread.
class chunk_hasher final {
  public:
    chunk_hasher();
    ~chunk_hasher();
    chunk_hasher(chunk_hasher&&) noexcept;
    chunk_hasher& operator=(chunk_hasher&&) noexcept;

    void begin(std::string_view tag, std::string_view chunk_id);
    void add_entries(std::string_view part);
    [[nodiscard]] event_id finish();

  private:
    struct state;
    std::unique_ptr<state> state_;
};

}  // namespace logpipe
