// Syslog by UDP: each datagram is a message (RFC 5426). What the kernel drops, because nobody reads in time, is
// counted.
#pragma once

#include "logpipe/result.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace logpipe::syslog {

/// The network thread's, but for the counts, which any thread may read.
class datagram_reader final {
  public:
    static constexpr std::size_t datagram_bytes_max = 65'536;

    explicit datagram_reader(boost::asio::io_context& io) : socket_{io} {}

    /// @param buffer_bytes  asked of the kernel, which may grant less
    /// @return errc::busy, errc::invalid_argument
    [[nodiscard]] result<> open(std::string const& address, std::size_t buffer_bytes);
    [[nodiscard]] boost::asio::ip::udp::socket& socket() noexcept { return socket_; }
    [[nodiscard]] std::uint16_t port() const;
    void close();

    /// What waits now, at most so many; the views hold until the next call. Empty where nothing waits.
    [[nodiscard]] std::vector<std::string_view> const& take();
    /// Asks the kernel what it has dropped.
    void count_dropped();

    [[nodiscard]] std::atomic<std::uint64_t> const& datagrams() const noexcept { return datagrams_; }
    [[nodiscard]] std::atomic<std::uint64_t> const& dropped() const noexcept { return dropped_; }
    [[nodiscard]] std::atomic<std::uint64_t> const& buffer_bytes() const noexcept { return buffer_bytes_; }

  private:
    static constexpr std::size_t burst_max = 32;

    void grow_buffer(std::size_t bytes);

    boost::asio::ip::udp::socket socket_;
    std::vector<char> space_;
    std::vector<std::string_view> burst_;
    std::uint32_t dropped_before_ = 0;  // by the kernel's counter, which wraps
    std::atomic<std::uint64_t> datagrams_{0}, dropped_{0}, buffer_bytes_{0};
};

}  // namespace logpipe::syslog
