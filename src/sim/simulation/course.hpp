// What all parts of a history share: its time, what was sent and what became of it, and what is wrong.
#pragma once

#include "logpipe/event.hpp"
#include "simulation/simulation.hpp"
#include "world/virtual_time.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace logpipe::sim {

/// What is to become of an event.
enum class event_kind : std::uint8_t {
    good,
    bad,      ///< the transform rejects it
    poison,   ///< the store rejects it
    curable,  ///< so it does, until its mapping is corrected
    broken,   ///< not an event: the forwarder rejects it
};

struct sent_event {
    event_kind kind = event_kind::good;
    std::string record;             ///< as it is to be stored, or as a dead letter
    std::uint32_t promised_by = 0;  ///< bits of machines whose journals or dead letters have it
    std::optional<event_id> document;
    bool has_letter = false;  ///< when all is looked through
};

/// A message of the forward protocol.
struct sent_message {
    std::string chunk;  ///< empty: no ack is wanted
    std::string bytes;  ///< the same each time that it is sent
    std::vector<sent_event*> events;
    bool is_acked = false;
};

/// Chance of a part. Each has another stream of the seed, so that what is added to one changes no other.
class chance final {
  public:
    explicit chance(std::uint64_t seed) : numbers_{seed} {}
    std::size_t below(std::size_t end) { return static_cast<std::size_t>(numbers_() % end); }
    /// Within (0, 2 * mean).
    std::chrono::microseconds about(std::chrono::microseconds mean) {
        return std::chrono::microseconds{1 + numbers_() % static_cast<std::uint64_t>(2 * mean.count())};
    }
    bool in(std::size_t times) { return below(times) == 0; }
    std::mt19937_64& numbers() noexcept { return numbers_; }

  private:
    std::mt19937_64 numbers_;
};

/// Stays where it is while parts of the history live.
class course final {
  public:
    explicit course(std::uint64_t seed) : seed_{seed} {}

    virtual_time time;
    bool are_faults_over = false;

    [[nodiscard]] std::uint64_t seed_of(std::uint64_t part) const noexcept {
        return (seed_ + 1) * 0x9e37'79b9'7f4a'7c15U + part;
    }

    // What was sent.
    sent_message& make_message(chance& by, bool wants_ack);
    [[nodiscard]] sent_message* message_of(std::string_view chunk);
    [[nodiscard]] sent_event* event_of(std::string_view record);
    [[nodiscard]] std::deque<sent_event>& events() noexcept { return events_; }
    /// @param machine  its bit
    void promise(std::string_view record, std::uint32_t machine);

    // What happened.
    void tell(std::string words);
    void wrong(invariant which, std::string words);
    [[nodiscard]] bool is_broken() const noexcept { return broken_ != invariant::none; }
    [[nodiscard]] outcome end();
    void mix(std::uint64_t what) noexcept { digest_ = (digest_ ^ what) * 0x0000'0100'0000'01b3U; }

  private:
    [[nodiscard]] std::string when() const;
    void add_event(sent_message& to, std::string& entries, chance& by);

    std::uint64_t const seed_;
    std::deque<sent_event> events_;
    std::deque<sent_message> messages_;
    std::unordered_map<std::string_view, sent_event*> by_record_;
    std::unordered_map<std::string_view, sent_message*> by_chunk_;
    invariant broken_ = invariant::none;
    std::string words_;
    std::vector<std::string> story_;
    std::uint64_t digest_ = 0xcbf2'9ce4'8422'2325U;
};

}  // namespace logpipe::sim
