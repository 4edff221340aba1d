// Puts the parts of letters together again.
#pragma once

#include "part_sets.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace logpipe::audit {

/// Holds the bytes of letters whose parts are not all there yet. One thread.
class letter_joiner final {
  public:
    /// @param entry  a part, a possible one
    /// @return the whole letter when this was its last part
    [[nodiscard]] std::optional<letter_entry> add(letter_entry const& entry);

    struct incomplete_letter {
        dead_letter letter;
        std::uint32_t parts = 0;
        std::vector<std::uint32_t> missing;
    };
    [[nodiscard]] std::optional<incomplete_letter> newest_incomplete(event_id id) const;

  private:
    struct open_letter {
        part_set set;
        letter_entry head;  // without bytes
        std::map<std::uint32_t, std::string> bytes;
    };
    [[nodiscard]] static std::string joined(open_letter const& from);

    std::map<part_set_name, open_letter> open_;
};

}  // namespace logpipe::audit
