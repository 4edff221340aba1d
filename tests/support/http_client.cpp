#include "support/http_client.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <stdexcept>
#include <system_error>

namespace logpipe {

namespace {

[[noreturn]] void fail(char const* what) {
    throw std::system_error{errno, std::generic_category(), what};
}

int make_socket() {
    int const made = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (made < 0) fail("socket");
    timeval const longest{.tv_sec = 20, .tv_usec = 0};
    ::setsockopt(made, SOL_SOCKET, SO_RCVTIMEO, &longest, sizeof longest);
    ::setsockopt(made, SOL_SOCKET, SO_SNDTIMEO, &longest, sizeof longest);
    return made;
}

sockaddr_in local(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

std::string lower(std::string text) {
    for (char& c : text)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return text;
}

/// @return 0 at the end of the connection, also where it was reset.
std::size_t read_some(int from, std::array<char, 65'536>& into) {
    auto const bytes = ::recv(from, into.data(), into.size(), 0);
    if (bytes < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) throw std::runtime_error{"nothing came within 20 s"};
    return bytes < 0 ? 0 : static_cast<std::size_t>(bytes);
}

bool write_all(int to, std::string_view bytes) {
    while (!bytes.empty()) {
        auto const written = ::send(to, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (written < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            throw std::runtime_error{"nothing was taken within 20 s"};
        if (written <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

}  // namespace

http_client::http_client(std::uint16_t port) : socket_{make_socket()} {
    auto const address = local(port);
    if (::connect(socket_, reinterpret_cast<sockaddr const*>(&address), sizeof address) != 0) {
        ::close(socket_);
        fail("connect");
    }
}

http_client::~http_client() {
    ::close(socket_);
}

bool http_client::send(std::string_view bytes) {
    return write_all(socket_, bytes);
}

bool http_client::receive() {
    std::array<char, 65'536> piece;
    auto const bytes = read_some(socket_, piece);
    received_.append(piece.data(), bytes);
    return bytes > 0;
}

std::string http_client::response(bool has_body) {
    auto head_end = received_.find("\r\n\r\n");
    while (head_end == std::string::npos) {
        if (!receive()) return {};
        head_end = received_.find("\r\n\r\n");
    }
    auto const length = field_of(received_, "content-length");
    auto const bytes = head_end + 4 + (has_body && !length.empty() ? std::stoul(length) : 0);
    while (received_.size() < bytes)
        if (!receive()) return {};
    auto whole = received_.substr(0, bytes);
    received_.erase(0, bytes);
    return whole;
}

std::string http_client::until(std::string_view mark) {
    auto end = received_.find(mark);
    while (end == std::string::npos) {
        if (!receive()) return {};
        end = received_.find(mark);
    }
    auto text = received_.substr(0, end + mark.size());
    received_.erase(0, end + mark.size());
    return text;
}

void http_client::wait_until_closed_by_server() {
    while (receive()) {
    }
}

std::string http_client::submit(std::string_view method_and_target) {
    if (!send(std::string{method_and_target} + " HTTP/1.1\r\nHost: localhost\r\n\r\n")) return {};
    return response(!method_and_target.starts_with("HEAD "));
}

int status_of(std::string const& answer) {
    return answer.starts_with("HTTP/1.") ? std::stoi(answer.substr(9, 3)) : 0;
}

std::string field_of(std::string const& answer, std::string const& name) {
    auto const head = answer.substr(0, answer.find("\r\n\r\n") + 2);
    auto const at = lower(head).find("\r\n" + lower(name) + ": ");
    if (at == std::string::npos) return {};
    auto const begin = at + 2 + name.size() + 2;
    return head.substr(begin, head.find("\r\n", begin) - begin);
}

std::string body_of(std::string const& answer) {
    auto const head_end = answer.find("\r\n\r\n");
    return head_end == std::string::npos ? std::string{} : answer.substr(head_end + 4);
}

one_answer_server::one_answer_server(std::string answer) {
    thread_ = std::jthread{[listener = listener_.socket, text = std::move(answer)] {
        int const client = ::accept(listener, nullptr, nullptr);
        if (client < 0) return;  // the test is over
        std::array<char, 65'536> request;
        read_some(client, request);
        write_all(client, text);
        ::close(client);
    }};
}

one_answer_server::~one_answer_server() {
    ::shutdown(listener_.socket, SHUT_RDWR);
    thread_.join();
    ::close(listener_.socket);
}

}  // namespace logpipe
