// Who is connected to the forward server, and who is evicted when all slots are taken.
#pragma once

#include "message_pace.hpp"

#include "logpipe/stage.hpp"

#include "net/link.hpp"

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>

namespace logpipe::forward {

/// One client, for as long as its connection or its acks.
struct forward_peer {
    std::shared_ptr<net::link> link;
    std::string host;          // its address
    std::string address;       // HOST:PORT, for people
    std::uint64_t number = 0;  // in the order of their coming; by the table
    message_pace pace;
    bool is_awaited = false;    // we wait for its bytes
    std::string acks;           // being gathered, to go out as one
    std::size_t acks_due = 0;   // chunks whose events are not safe yet
    bool is_oversized = false;  // its message is above the limit
};

/// The network thread's, but for describe(), which any thread may call. A newcomer is one that is not established
/// (`message_pace`): to close it costs no more than the connection.
class peer_table final {
  public:
    using pointer = std::shared_ptr<forward_peer>;

    /// @param count_max  of all  @param per_address_max  0: no limit
    peer_table(std::uint32_t count_max, std::uint32_t per_address_max) noexcept
        : count_max_{count_max}, per_address_max_{per_address_max} {}

    [[nodiscard]] bool is_full() const noexcept { return peers_.size() >= count_max_; }
    /// @return false where its address has as many as it may have: the caller closes it
    [[nodiscard]] bool add(pointer const& peer);
    void remove(pointer const& peer);
    /// It is not a newcomer any more.
    void establish(forward_peer& peer);
    /// Closes the oldest newcomer, which has had the longest time. @return false: all are established
    bool evict_newcomer();

    [[nodiscard]] std::uint32_t count_max() const noexcept { return count_max_; }
    [[nodiscard]] std::size_t size() const noexcept { return peers_.size(); }
    [[nodiscard]] auto begin() const noexcept { return peers_.begin(); }
    [[nodiscard]] auto end() const noexcept { return peers_.end(); }
    void clear();
    void describe(stage_status& into) const;

  private:
    std::uint32_t const count_max_;
    std::uint32_t const per_address_max_;
    std::set<pointer> peers_;
    std::map<std::uint64_t, pointer> newcomers_;   // by number
    std::map<std::string, std::uint32_t> counts_;  // by host; kept where there is a limit
    std::atomic<std::uint64_t> open_{0};
    std::atomic<std::uint64_t> added_{0};
    std::atomic<std::uint64_t> evicted_{0};
    std::atomic<std::uint64_t> rejected_{0};
};

}  // namespace logpipe::forward
