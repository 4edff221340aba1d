// Who has a connection to the server, and who gives way when there is no place left: clients that keep a connection, or
// are slow to ask, must not keep others out.
#pragma once

#include "web/web.hpp"

#include <boost/beast/core/tcp_stream.hpp>

#include <cstdint>
#include <map>
#include <set>
#include <string>

namespace logpipe::web {

class http_place;

/// Of one server, which it outlives; its thread only.
class http_places final {
  public:
    explicit http_places(web_limits const& limits) noexcept : limits_{limits} {}
    http_places(http_places const&) = delete;
    http_places& operator=(http_places const&) = delete;

    /// For a new connection. Where all places are taken, the connection that has waited longest for its client is
    /// closed for it; where none waits, it gets one of those that only health checks are answered on.
    /// @return one that is not valid(): there is none, and the connection is refused
    [[nodiscard]] http_place take();
    /// @return false: none waits
    bool close_longest();
    void close_all();

    [[nodiscard]] std::size_t open() const noexcept { return places_.size(); }
    /// For `/metrics`.
    [[nodiscard]] std::string exposition(std::uint64_t requests_rejected) const;

  private:
    friend class http_place;

    web_limits const limits_;
    std::set<http_place*> places_;
    std::map<std::uint64_t, http_place*> waiting_;  // in the order of their beginning to wait
    std::uint64_t number_ = 0;
    std::size_t usual_ = 0;  // of places_
    std::uint64_t connections_ = 0;
    std::uint64_t evicted_ = 0;
    std::uint64_t refused_ = 0;
    std::uint64_t health_only_ = 0;
};

/// A connection's own, from its acceptance to its end.
class http_place final {
  public:
    http_place() noexcept = default;
    http_place(http_place&& other) noexcept;
    http_place(http_place const&) = delete;
    http_place& operator=(http_place const&) = delete;
    http_place& operator=(http_place&&) = delete;
    ~http_place();

    [[nodiscard]] bool valid() const noexcept { return all_ != nullptr; }
    [[nodiscard]] bool health_only() const noexcept { return health_only_; }
    /// It stays where it is from now on. `stream` outlives it.
    void hold(boost::beast::tcp_stream& stream) noexcept { stream_ = &stream; }
    /// For the client's next request, or the rest of one: until work() it may have to give way.
    void wait();
    /// @return false: it had to
    [[nodiscard]] bool work();

  private:
    friend class http_places;
    http_place(http_places& all, bool health_only);
    void leave() noexcept;

    http_places* all_ = nullptr;
    boost::beast::tcp_stream* stream_ = nullptr;
    bool health_only_ = false;
    std::uint64_t waits_ = 0;  // its number in waiting_; 0: it does not wait
};

}  // namespace logpipe::web
