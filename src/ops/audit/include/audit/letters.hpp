// Dead letters as an operator handles them: list, show, retry, drop. One thread.
#pragma once

#include "journal/journal.hpp"
#include "kafka/kafka_admin.hpp"
#include "logpipe/dead_letter.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace logpipe::audit {

/// One entry of a topic of dead letters: a letter, a part of one, or a tombstone, which resolves every letter of its id
/// that is not newer than it. So a letter that comes while its elder is being resolved stays, whatever the order on
/// disk.
struct letter_entry {
    event_id id;
    std::int64_t time_ms = 0;  ///< of the letter; of a tombstone: of the newest letter that it resolves
    bool tombstone = false;
    std::uint64_t attempts =
        0;  ///< of a tombstone: letters of this id up to it, also those that are gone; 0: not known
    std::optional<dead_letter> letter;  ///< none: a tombstone, or unreadable; of a part, `record` holds its bytes
    letter_part part;
    std::string resolved_as{};     ///< of a tombstone: "retried" or "purged"; empty: not known
    std::int64_t resolved_ns = 0;  ///< of a tombstone: when; 0: not known
};
/// What a tombstone is for.
struct resolved_letter {
    event_id id;
    std::int64_t time_ms = 0;
    std::uint32_t parts_max = 1;  ///< of all letters of this id
    std::uint64_t attempts = 0;   ///< letters of this id up to this one
};

/// What resolved letters have given back.
struct freed_space {
    std::uint64_t freed_bytes = 0;
    bool pending = false;  ///< the process that writes the letters was asked, and has not done it yet
};

/// A topic of dead letters.
class letter_topic {
  public:
    virtual ~letter_topic() = default;
    /// Every entry, in the topic's order; tombstones that the topic keeps elsewhere come first.
    [[nodiscard]] virtual result<> scan(std::function<result<>(letter_entry const&)> const& each) = 0;
    /// Writes tombstones, durable when it returns. @param why  "retried" or "purged"
    [[nodiscard]] virtual result<> resolve(std::span<resolved_letter const> letters, std::string_view reason) = 0;
    /// Writes letters again which a tombstone has overtaken, before compaction takes them away.
    [[nodiscard]] virtual result<> rewrite(std::span<letter_entry const> letters) = 0;
    /// Frees the room of entries that are not needed, as far as they share it with none that is.
    [[nodiscard]] virtual result<freed_space> free(std::function<bool(letter_entry const&)> const& is_needed) = 0;
};
/// A compacted topic: a tombstone is a message without a value, and compaction frees. `cluster` outlives it.
[[nodiscard]] std::unique_ptr<letter_topic> make_kafka_letters(kafka::kafka_admin& cluster, std::string topic);
/// A journal DIR/NAME.dlq. A running process holds its lock, so tombstones are in DIR/NAME.dlq.done; that one is
/// opened for writing by the first resolve(), which gives errc::busy while another tool has it.
/// @param open  where this process is the one that writes them
[[nodiscard]] std::unique_ptr<letter_topic> make_journal_letters(std::string folder,
                                                                 std::shared_ptr<journal::topic> open = nullptr,
                                                                 environment world = {});

/// What is known of the letters that are not resolved, the newest of each id.
struct letter_summary {
    event_id id;
    std::int64_t time_ms = 0;
    std::uint64_t attempts = 0;  ///< letters of this id, as far as the topic and its tombstones know
    std::uint32_t entries = 0;   ///< of one message that it is about; 0: one event
    std::string_view stage;
    std::string_view reason;        ///< with '…' instead of what is in single quotes
    std::uint32_t parts = 1;        ///< that the letter has
    std::uint32_t parts_found = 1;  ///< fewer: it is incomplete
};
struct letter_group {
    std::string stage;
    std::string reason;
    std::uint64_t letters = 0;
};
struct letter_list {
    std::uint64_t letters = 0;
    std::uint64_t events = 0;          ///< that these are about
    std::uint64_t incomplete = 0;      ///< beside those: parts of them are missing
    std::uint64_t unreadable = 0;      ///< entries that are not a letter of ours
    std::vector<letter_group> groups;  ///< most first; without the incomplete ones
};
struct letter_selection {
    std::vector<event_id> ids;
    std::string reason;  ///< letters whose reason, as in letter_summary, has this text in it
    bool all = false;
};
/// @param newest  gets at most `newest_max` letters, the newest first, incomplete ones among them
[[nodiscard]] result<letter_list> list_letters(letter_topic& from, std::size_t newest_max,
                                               std::function<void(letter_summary const&)> const& newest);
struct found_letter {
    dead_letter const& letter;  ///< of an incomplete one, `record` holds the parts that were found, in order
    std::uint64_t attempts = 0;
    std::uint32_t parts = 1;
    std::vector<std::uint32_t> missing;  ///< indices of parts
};
/// Gives the newest letter of each selected id that is not resolved, its parts joined; incomplete ones last.
[[nodiscard]] result<> show_letters(letter_topic& from, letter_selection const& which,
                                    std::function<result<>(found_letter const&)> const& each);

/// For people, a line each: the first entries that a letter with `entries` is about, and how many more there are.
[[nodiscard]] std::string readable_entries(dead_letter const& letter, std::size_t entries_max);

/// Takes original bytes once more, with their ids; durable when it returns.
using letter_input = std::function<result<>(std::span<dead_letter const>)>;
[[nodiscard]] letter_input make_kafka_input(kafka::kafka_admin& cluster, std::string topic);
/// @return errc::busy while another process writes that journal.
[[nodiscard]] result<letter_input> make_journal_input(std::string folder);
/// Gets how many events have become safe, from any thread; those of a put that failed may come later.
using events_safe = std::function<void(std::uint64_t events)>;
/// The same for the process that has the journal open, and whose other threads write to it.
[[nodiscard]] letter_input make_journal_input(std::shared_ptr<journal::topic> open, events_safe on_safe = {});

struct retry_report {
    std::uint64_t letters = 0;
    std::vector<event_id> not_found{};   ///< selected by id, and no such dead letter exists
    std::vector<event_id> incomplete{};  ///< selected, and left where they are: parts are missing
    /// Selected, and left where they are: the input never takes them, for this reason.
    std::vector<std::pair<event_id, std::string>> rejected{};
    freed_space room{};
};
/// Sends the selected letters to `to` and resolves them, a portion at a time; a crash in between sends a portion twice,
/// which is recognised by its ids.
/// @param dry_run  counts, and changes nothing
[[nodiscard]] result<retry_report> retry_letters(letter_topic& from, letter_selection const& which,
                                                 letter_input const& to, bool dry_run);
/// Incomplete ones too.
[[nodiscard]] result<retry_report> purge_letters(letter_topic& from, letter_selection const& which);

}  // namespace logpipe::audit
