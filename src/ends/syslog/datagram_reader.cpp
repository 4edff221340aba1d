#include "datagram_reader.hpp"

#include "net/listen.hpp"

#include <linux/sock_diag.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <limits>

namespace logpipe::syslog {

result<> datagram_reader::open(std::string const& address, std::size_t buffer_bytes) {
    auto opened = net::receive_on(static_cast<boost::asio::io_context&>(socket_.get_executor().context()), address);
    if (!opened) return opened.error();
    socket_ = *std::move(opened);
    space_.resize(burst_max * datagram_bytes_max);
    burst_.reserve(burst_max);
    grow_buffer(buffer_bytes);
    return {};
}

/// The kernel doubles what it is asked for, for its own books, and says the double. Above net.core.rmem_max it needs
/// CAP_NET_ADMIN (socket(7)).
void datagram_reader::grow_buffer(std::size_t bytes) {
    auto const fd = socket_.native_handle();
    auto const wanted = static_cast<int>(std::min<std::size_t>(bytes, std::numeric_limits<int>::max() / 2));
    if (::setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &wanted, sizeof wanted) != 0)
        ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &wanted,
                     sizeof wanted);  // less than wanted is what buffer_bytes() says
    int granted = 0;
    socklen_t size = sizeof granted;
    if (::getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &granted, &size) == 0)
        buffer_bytes_ = static_cast<std::uint64_t>(granted) / 2;
}

std::uint16_t datagram_reader::port() const {
    boost::system::error_code ignored;  // it is bound, so it has an address
    return socket_.local_endpoint(ignored).port();
}

void datagram_reader::close() {
    if (!socket_.is_open()) return;
    count_dropped();
    boost::system::error_code ignored;  // nobody waits for it
    socket_.close(ignored);
}

std::vector<std::string_view> const& datagram_reader::take() {
    std::array<::mmsghdr, burst_max> messages{};
    std::array<::iovec, burst_max> places{};
    for (std::size_t i = 0; i < burst_max; ++i) {
        places[i] = {.iov_base = space_.data() + i * datagram_bytes_max, .iov_len = datagram_bytes_max};
        messages[i].msg_hdr.msg_iov = &places[i];
        messages[i].msg_hdr.msg_iovlen = 1;
    }
    burst_.clear();
    auto const count = ::recvmmsg(socket_.native_handle(), messages.data(), burst_max, MSG_DONTWAIT, nullptr);
    for (int i = 0; i < count; ++i)
        burst_.emplace_back(static_cast<char const*>(places[static_cast<std::size_t>(i)].iov_base),
                            messages[static_cast<std::size_t>(i)].msg_len);
    datagrams_ += burst_.size();
    return burst_;
}

void datagram_reader::count_dropped() {
    std::array<std::uint32_t, SK_MEMINFO_VARS> figures{};
    socklen_t size = sizeof figures;
    if (::getsockopt(socket_.native_handle(), SOL_SOCKET, SO_MEMINFO, figures.data(), &size) != 0) return;
    auto const now = figures[SK_MEMINFO_DROPS];
    dropped_ += now - dropped_before_;
    dropped_before_ = now;
}

}  // namespace logpipe::syslog
