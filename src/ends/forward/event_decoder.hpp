// A message's events, written straight into a batch: records as JSON text, nothing allocated per event.
#pragma once

#include "event_decoder_counts.hpp"
#include "forward_message.hpp"
#include "known_keys.hpp"
#include "message_portions.hpp"
#include "part_joiner.hpp"

#include "logpipe/event.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace logpipe::forward {

class json_writer;
class msgpack_reader;

/// Instead of a message: parts of lines whose rest does not come are passed on.
struct part_check {
    std::optional<std::chrono::steady_clock::time_point> now;  ///< none: nothing more comes, for any
};

struct event_decoder_options {
    forward_limits limits;
    bool trust_chunk_ids = true;
    part_limits parts;
};

/// One thread.
///
/// An event of an acked chunk gets the id chunk_hash(tag, chunk id, entries decompressed as sent) and its index there,
/// so a chunk that is retried makes the same ids. Others get none; the journal mints one.
///
/// Nothing that came is dropped. An entry that is not an event is rejected with its own bytes as the record; where a
/// message has several, they are rejected together, as one event whose record is a pack of them
/// (codec/dead_letter_pack.hpp). Entries whose ends cannot be found any more are one, and so is a message that is
/// rejected as a whole. A record that is a string instead of a map is a raw line, which our forward sink sends for what
/// is not a JSON object: its bytes become the record as they are, and the transform decides. Parts of a line that
/// Docker has cut are joined (part_joiner.hpp).
class event_decoder final {
  public:
    explicit event_decoder(event_decoder_options options);

    /// Adds the events of the message's next portion at the end of `into`. Throws std::bad_alloc; nothing is added or
    /// counted then.
    void append(message_portions& message, batch& into);
    void append(part_check const& check, batch& into);
    [[nodiscard]] event_decoder_counts const& counts() const noexcept { return counts_; }

  private:
    struct target;
    struct portion_end {
        std::size_t bytes = 0;  // of the entries, that were read
        bool is_last = false;
    };
    enum class entry_end : std::uint8_t {
        read,
        beyond,  // what is there of the entries
        broken,  // nobody knows where the next one begins
    };

    template <class Action>
    void change(batch& into, Action const& action);
    void append_portion(message_portions& message, batch& into);
    [[nodiscard]] portion_end append_entries(message_portions const& message, target& to);
    [[nodiscard]] entry_end append_entry(msgpack_reader& from, message_portions const& message, target& to);
    [[nodiscard]] static bool skip_entry(msgpack_reader& from, forward_mode mode);
    [[nodiscard]] bool read_event(msgpack_reader& from, forward_mode mode, target& to, event& row, std::string& reason);
    [[nodiscard]] bool read_time(msgpack_reader& from, std::int64_t& time_ns);
    [[nodiscard]] bool read_record(msgpack_reader& from, target& to, std::string& reason);
    void add_event(event& row, std::size_t record_begin, target& to);
    void finish_parts(std::string_view tag, target& to);
    void reject(std::string_view bytes, std::string reason, target& to);
    void reject_first(std::string_view bytes, std::string reason, target& to);
    void reject_also(std::string_view bytes, std::string_view reason, target& to);
    void finish_pack(std::uint32_t index, target& to);
    [[nodiscard]] event_id id_of_rejected(target const& to, std::string_view bytes);

    event_decoder_options options_;
    event_decoder_counts counts_;
    known_keys keys_;
    part_joiner parts_;
    std::string salt_;  // makes ids for rejected events that have none: dead letters are kept by id
};

}  // namespace logpipe::forward
