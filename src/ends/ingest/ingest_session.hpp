// One client of the HTTP listener: requests one after the other, each answered when its events are safe.
#pragma once

#include "event_rows.hpp"
#include "ingest_request.hpp"
#include "request_reader.hpp"

#include "core/batch_inbox.hpp"
#include "core/log.hpp"
#include "ingest/ingest.hpp"
#include "net/connection.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace logpipe::ingest {

using event_inbox = batch_inbox<event_rows>;

/// Of all sessions. Any thread.
struct session_counts {
    std::atomic<std::uint64_t> bytes_in{0}, requests{0}, rejected{0}, unauthorized{0}, deferred{0}, timed_out{0};
    std::atomic<std::uint64_t> body_bytes{0};  ///< held of requests that are still coming

    void count(http_reply const& reply);
    void describe(stage_status& into) const;
};

/// Requests that wait until their events are safe. The network thread's, but for safe_until() and size(), which any
/// thread may call.
class safety final {
  public:
    explicit safety(boost::asio::io_context& io) : io_{io} {}

    /// @return whether all events before `offset` are safe, after `wait` at most
    [[nodiscard]] boost::asio::awaitable<bool> reached(std::uint64_t offset, std::chrono::milliseconds wait);
    /// All events before `offset` are safe.
    void safe_until(std::uint64_t offset);
    /// Nobody waits from now on.
    void give_up();
    [[nodiscard]] std::atomic<std::uint64_t> const& size() const noexcept { return size_; }

  private:
    void release();

    boost::asio::io_context& io_;
    std::multimap<std::uint64_t, boost::asio::steady_timer*> waiting_;  // by offset; each is of a reached() that waits
    bool given_up_ = false;
    std::atomic<std::uint64_t> safe_offset_{0};
    std::atomic<bool> scheduled_{false};
    std::atomic<std::uint64_t> size_{0};
};

/// What the sessions of a server share, and what outlives them. The network thread's.
struct session_context {
    ingest_options const& options;
    std::string const& token;  // changes while sessions run
    event_inbox& inbox;
    safety& safe;
    session_counts& counts;
    log_limit& trouble;
    bool const& stopping;
};

/// The network thread's. It lives for as long as run().
class ingest_session final {
  public:
    ingest_session(std::shared_ptr<net::connection> link, std::string address, session_context const& context);
    ~ingest_session();

    /// Until one side ends it.
    [[nodiscard]] boost::asio::awaitable<void> run();

  private:
    enum class arrival : std::uint8_t { request, refused, left };

    [[nodiscard]] boost::asio::awaitable<arrival> receive();
    [[nodiscard]] boost::asio::awaitable<bool> read_more();
    [[nodiscard]] bool check_head();
    [[nodiscard]] bool is_over_bound();
    [[nodiscard]] boost::asio::awaitable<void> ingest();
    [[nodiscard]] boost::asio::awaitable<std::optional<std::uint64_t>> put(std::string const& body);
    [[nodiscard]] boost::asio::awaitable<bool> has_room();
    [[nodiscard]] boost::asio::awaitable<bool> answer();
    [[nodiscard]] boost::asio::awaitable<void> discard_rest();
    void hold(std::size_t bytes);

    std::shared_ptr<net::connection> const link_;
    std::string const address_;
    session_context const& shared_;
    request_reader reader_;
    std::vector<char> space_;
    memory_share memory_;  // of the body, also in session_counts::body_bytes
    ingest_request request_;
    std::size_t events_ = 0;  // of the request
    http_reply reply_;
};

}  // namespace logpipe::ingest
