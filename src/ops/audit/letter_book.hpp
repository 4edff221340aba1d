// What the entries of a topic of dead letters come to: which letters are not resolved.
#pragma once

#include "audit/letters.hpp"
#include "part_sets.hpp"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace logpipe::audit {

/// Holds about a hundred bytes an id, never the letters themselves. One thread.
class letter_book final {
  public:
    /// Reads all of `from`.
    [[nodiscard]] static result<letter_book> read(letter_topic& from);

    void add(letter_entry const& entry);

    struct record {
        std::int64_t newest_ms = 0;
        std::int64_t newest_ns = 0;      ///< when the newest was rejected
        std::int64_t resolved_ms = 0;    ///< tombstones go up to here
        std::uint64_t known_before = 0;  ///< letters up to a tombstone, as it says; some may be gone
        std::uint64_t found_before = 0;  ///< letters up to a tombstone that came before them in the scan
        std::uint64_t found = 0;         ///< the others
        std::uint32_t entries = 0;       ///< of the newest letter, see dead_letter
        std::uint32_t parts = 1;         ///< of the newest letter
        std::uint32_t parts_max = 1;     ///< of any letter, complete or not: a tombstone is for all of them
        std::uint32_t group = 0;
        bool resolved = false;   ///< there is a tombstone
        bool letter = false;     ///< there is a letter
        bool overtaken = false;  ///< the newest letter stands before a tombstone that does not resolve it
        /// Letters of this id that there have been.
        [[nodiscard]] std::uint64_t attempts() const noexcept { return std::max(known_before, found_before) + found; }
        [[nodiscard]] bool live() const noexcept { return letter && (!resolved || newest_ms > resolved_ms); }
    };
    /// None for an id that no letter has.
    [[nodiscard]] record const* find(event_id id) const;
    /// The newest set of parts of this id where it is newer than all complete letters and tombstones; else none.
    [[nodiscard]] part_set const* find_incomplete(event_id id) const;
    /// True for the entry that is the live letter of its id, or a part of that. What was put again is there twice:
    /// either will do.
    [[nodiscard]] bool is_live(letter_entry const& entry) const;
    /// False for what nobody misses: a letter that is resolved or that a newer one of its id has replaced.
    [[nodiscard]] bool is_needed(letter_entry const& entry) const;
    [[nodiscard]] bool any_overtaken() const noexcept;

    /// Live letters only.
    void each_live(std::function<void(event_id, record const&)> const& report) const;
    void each_incomplete(std::function<void(event_id, part_set const&)> const& report) const;
    /// @param group  of a record or a part_set
    [[nodiscard]] std::string const& stage_of(std::uint32_t group) const { return groups_[group].first; }
    [[nodiscard]] std::string const& reason_of(std::uint32_t group) const { return groups_[group].second; }
    [[nodiscard]] std::uint32_t parts_max(event_id id) const;
    [[nodiscard]] std::uint64_t attempts(event_id id) const;
    [[nodiscard]] std::uint64_t unreadable() const noexcept { return unreadable_; }

  private:
    struct id_hash {
        [[nodiscard]] std::size_t operator()(event_id const& id) const noexcept {
            return id.high ^ (id.low * 0x9e37'79b9'7f4a'7c15U);
        }
    };
    using group_name = std::pair<std::string, std::string>;  // stage, reason

    struct letter_facts {
        std::int64_t time_ms = 0;
        std::int64_t time_ns = 0;
        std::uint32_t entries = 0;
        std::uint32_t parts = 1;
        std::uint32_t group = 0;
        bool overtaken = false;
    };
    void add_letter(record& what, letter_facts const& letter);
    [[nodiscard]] std::uint32_t group_of(dead_letter const& letter);

    std::unordered_map<event_id, record, id_hash> records_;
    std::vector<group_name> groups_;
    std::map<group_name, std::uint32_t> group_numbers_;
    part_sets sets_;
    std::uint64_t unreadable_ = 0;
};

}  // namespace logpipe::audit
