// The bound on a server's connections. Where all slots are taken, the connection that has been idle longest is closed
// for a new one, so that clients that keep connections do not keep others out.
#pragma once

#include "web/web.hpp"

#include <boost/beast/core/tcp_stream.hpp>

#include <cstdint>
#include <map>
#include <set>
#include <string>

namespace logpipe::web {

class connection_slot;

/// Of one server, which it outlives; its thread only.
class connection_slots final {
  public:
    explicit connection_slots(web_limits const& limits) noexcept : limits_{limits} {}
    connection_slots(connection_slots const&) = delete;
    connection_slots& operator=(connection_slots const&) = delete;

    /// For a new connection. Where all slots are taken, the connection that has been idle longest is closed for it;
    /// where none is idle, it gets one of those that serve health checks only.
    /// @return one that is not valid(): none is free, and the connection is rejected
    [[nodiscard]] connection_slot take();
    /// @return false: none waits
    bool close_longest();
    void close_all();

    [[nodiscard]] std::size_t open() const noexcept { return slots_.size(); }
    /// For `/metrics`.
    [[nodiscard]] std::string exposition(std::uint64_t requests_rejected) const;

  private:
    friend class connection_slot;

    web_limits const limits_;
    std::set<connection_slot*> slots_;
    std::map<std::uint64_t, connection_slot*> waiting_;  // in the order of their beginning to wait
    std::uint64_t number_ = 0;
    std::size_t full_service_ = 0;  // of slots_
    std::uint64_t connections_ = 0;
    std::uint64_t evicted_ = 0;
    std::uint64_t rejected_ = 0;
    std::uint64_t health_only_ = 0;
};

/// A connection's own, from its acceptance to its end.
class connection_slot final {
  public:
    connection_slot() noexcept = default;
    connection_slot(connection_slot&& other) noexcept;
    connection_slot(connection_slot const&) = delete;
    connection_slot& operator=(connection_slot const&) = delete;
    connection_slot& operator=(connection_slot&&) = delete;
    ~connection_slot();

    [[nodiscard]] bool valid() const noexcept { return all_ != nullptr; }
    [[nodiscard]] bool health_only() const noexcept { return health_only_; }
    /// It stays where it is from now on. `stream` outlives it.
    void bind(boost::beast::tcp_stream& stream) noexcept { stream_ = &stream; }
    /// For the client's next request, or the rest of one: until work() it may have to give way.
    void wait();
    /// @return false: it had to
    [[nodiscard]] bool work();

  private:
    friend class connection_slots;
    connection_slot(connection_slots& all, bool health_only);
    void leave() noexcept;

    connection_slots* all_ = nullptr;
    boost::beast::tcp_stream* stream_ = nullptr;
    bool health_only_ = false;
    std::uint64_t idle_number_ = 0;  // its number in waiting_; 0: it does not wait
};

}  // namespace logpipe::web
