// Events as they pass, for `logpipe tap`. A tap never slows a pump: what does not fit is
// dropped and counted, and where nobody looks a pump asks one relaxed atomic a batch.
#pragma once

#include "logpipe/event.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace logpipe {

/// A copy of one event, with all that is known of it at that place.
struct tapped_event {
    std::string where;  ///< "index/normalize": the pump and the stage that it has just left
    event_id id;
    std::string tag;
    std::int64_t time_ns = 0;      ///< as the client said; 0: not known
    std::int64_t received_ns = 0;  ///< when the first durable place took it; 0: not known
    std::string origin;            ///< "journal nginx-logs offset 7"
    std::string payload;           ///< the document once there is one, the record before
    std::string rejected;          ///< why it goes to the dead letters; empty: it does not
};

/// What was seen since the reader was made: all events, and those that did not fit.
struct tap_counts {
    std::uint64_t seen = 0;
    std::uint64_t dropped = 0;  ///< neither shown nor left out by the sample
};

/// One who looks. Any thread, one call at a time; the destructor ends the looking. It may outlive the pump, and then
/// sees nothing more.
class tap_reader {
  public:
    static constexpr std::size_t events_max = 256;                     ///< held until the next take()…
    static constexpr std::size_t bytes_max = std::size_t{256} << 10U;  ///< …of their payloads

    virtual ~tap_reader() = default;
    /// What has passed since the last call. Does not wait.
    [[nodiscard]] virtual std::vector<tapped_event> take() = 0;
    [[nodiscard]] virtual tap_counts counts() const = 0;
};

}  // namespace logpipe
