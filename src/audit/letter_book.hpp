// What the entries of a topic of dead letters come to: which letters are not settled.
#pragma once

#include "logpipe/letters.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace logpipe {

/// Holds about a hundred bytes an id, never the letters themselves. One thread.
class letter_book final {
  public:
    /// Reads all of `from`.
    [[nodiscard]] static result<letter_book> read(letter_topic& from);

    void add(letter_entry const& entry);

    struct record {
        std::int64_t newest_ms = 0;
        std::int64_t settled_ms = 0;  ///< tombstones go up to here
        std::uint32_t attempts = 0;
        std::uint32_t group = 0;
        bool settled = false;    ///< there is a tombstone
        bool letter = false;     ///< there is a letter
        bool overtaken = false;  ///< the newest letter stands before a tombstone that does not settle it
        [[nodiscard]] bool live() const noexcept { return letter && (!settled || newest_ms > settled_ms); }
    };
    /// None for an id that no letter has.
    [[nodiscard]] record const* find(event_id id) const;
    /// True for the one entry that is the live letter of its id. One that was put again is there twice: either will do.
    [[nodiscard]] bool is_live(letter_entry const& entry) const;
    [[nodiscard]] bool any_overtaken() const noexcept;

    /// Live letters only.
    void each_live(std::function<void(event_id, record const&)> const& tell) const;
    [[nodiscard]] std::string const& stage_of(record const& what) const { return groups_[what.group].first; }
    [[nodiscard]] std::string const& reason_of(record const& what) const { return groups_[what.group].second; }
    [[nodiscard]] std::uint64_t unreadable() const noexcept { return unreadable_; }

  private:
    struct id_hash {
        [[nodiscard]] std::size_t operator()(event_id const& id) const noexcept {
            return id.high ^ (id.low * 0x9e37'79b9'7f4a'7c15U);
        }
    };
    using group_name = std::pair<std::string, std::string>;  // stage, reason

    [[nodiscard]] std::uint32_t group_of(dead_letter const& letter);

    std::unordered_map<event_id, record, id_hash> records_;
    std::vector<group_name> groups_;
    std::map<group_name, std::uint32_t> group_numbers_;
    std::uint64_t unreadable_ = 0;
};

}  // namespace logpipe
