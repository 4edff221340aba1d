#include "support/raw_client.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace logpipe::test {

namespace {

constexpr int wait_ms = 20'000;

[[noreturn]] void fail(char const* what) {
    throw std::system_error{errno, std::generic_category(), what};
}

sockaddr_in local(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    return address;
}

int open_socket(int type) {
    auto const opened = ::socket(AF_INET, type | SOCK_CLOEXEC, 0);
    if (opened < 0) fail("socket");
    return opened;
}

bool wait_readable(int socket, int milliseconds) {
    pollfd one{.fd = socket, .events = POLLIN, .revents = 0};
    return ::poll(&one, 1, milliseconds) > 0;
}

}  // namespace

raw_client::raw_client() : socket_{open_socket(SOCK_STREAM)} {}

raw_client::raw_client(std::uint16_t port) : raw_client{} {
    connect(port);
}

void raw_client::connect(std::uint16_t port) {
    auto const address = local(port);
    if (::connect(socket_, reinterpret_cast<sockaddr const*>(&address), sizeof address) != 0) fail("connect");
}

raw_client::raw_client(raw_client&& other) noexcept : socket_{std::exchange(other.socket_, -1)} {}

raw_client::~raw_client() {
    if (socket_ >= 0) ::close(socket_);
}

void raw_client::send(std::string_view bytes) {
    while (!bytes.empty()) {
        auto const sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) fail("send");
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
}

std::size_t raw_client::send_until_full(std::string_view bytes) {
    std::size_t all = 0;
    while (!bytes.empty()) {
        // The kernel's buffers move a moment after ours: full means full for a while.
        pollfd one{.fd = socket_, .events = POLLOUT, .revents = 0};
        if (::poll(&one, 1, 500) <= 0) break;
        auto const sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent <= 0) break;
        all += static_cast<std::size_t>(sent);
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return all;
}

std::string raw_client::receive(std::size_t count) {
    std::string bytes(count, '\0');
    std::size_t have = 0;
    while (have < count) {
        if (!wait_readable(socket_, wait_ms)) throw std::runtime_error{"no answer in time"};
        auto const got = ::recv(socket_, bytes.data() + have, count - have, 0);
        if (got < 0) fail("recv");
        if (got == 0) throw std::runtime_error{"closed before the whole answer"};
        have += static_cast<std::size_t>(got);
    }
    return bytes;
}

std::string raw_client::receive_some() {
    if (!wait_readable(socket_, wait_ms)) throw std::runtime_error{"no answer in time"};
    std::string bytes(16'384, '\0');
    auto const got = ::recv(socket_, bytes.data(), bytes.size(), 0);
    bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return bytes;
}

bool raw_client::has_response(int milliseconds) {
    return wait_readable(socket_, milliseconds);
}

bool raw_client::is_closed_by_peer() {
    std::array<char, 4096> bytes;
    while (wait_readable(socket_, wait_ms)) {
        auto const got = ::recv(socket_, bytes.data(), bytes.size(), 0);
        if (got <= 0) return true;
    }
    return false;
}

void raw_client::end_sending() {
    if (::shutdown(socket_, SHUT_WR) != 0) fail("shutdown");
}

std::string ask_by_udp(std::uint16_t port, std::string_view packet) {
    auto const socket = open_socket(SOCK_DGRAM);
    auto const address = local(port);
    std::string answer(64, '\0');
    ssize_t got = 0;
    if (::connect(socket, reinterpret_cast<sockaddr const*>(&address), sizeof address) == 0 &&
        ::send(socket, packet.data(), packet.size(), 0) > 0 && wait_readable(socket, wait_ms))
        got = ::recv(socket, answer.data(), answer.size(), 0);
    ::close(socket);
    answer.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return answer;
}

raw_server::~raw_server() {
    ::close(listener_.socket);
}

bool raw_server::has_client() const {
    return wait_readable(listener_.socket, 0);
}

raw_client raw_server::accept() {
    if (!wait_readable(listener_.socket, wait_ms)) throw std::runtime_error{"nobody connects"};
    auto const accepted = ::accept4(listener_.socket, nullptr, nullptr, SOCK_CLOEXEC);
    if (accepted < 0) fail("accept");
    return raw_client{raw_client::adopted{accepted}};
}

}  // namespace logpipe::test
