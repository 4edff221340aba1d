#include "support/http_script.hpp"

#include <openssl/ssl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <stdexcept>
#include <utility>

namespace logpipe::test {

namespace {

class script_exchange final : public http_exchange {
  public:
    script_exchange(int fd, int stop, SSL_CTX* tls) : fd_{fd}, stop_{stop}, tls_{tls ? SSL_new(tls) : nullptr} {
        if (tls_ != nullptr) SSL_set_fd(tls_, fd);
    }
    ~script_exchange() override {
        if (tls_ != nullptr) {
            if (whole_) SSL_shutdown(tls_);
            SSL_free(tls_);
        }
        close(fd_);
    }

    bool read_request() {
        if (tls_ != nullptr && SSL_accept(tls_) != 1) return false;
        while (!request_.contains("\r\n\r\n"))
            if (!read_some(request_)) return false;
        auto const head_bytes = request_.find("\r\n\r\n") + 4;
        body_ = request_.substr(head_bytes);
        request_.resize(head_bytes);
        auto const length = field("Content-Length");
        while (!length.empty() && body_.size() < std::stoul(length))
            if (!read_some(body_)) return false;
        return true;
    }

    std::string const& request() const override { return request_; }
    std::string const& body() const override { return body_; }
    std::string target() const override {
        auto const begin = request_.find(' ') + 1;
        return request_.substr(begin, request_.find(' ', begin) - begin);
    }
    std::string field(std::string_view name) const override {
        auto const key = "\r\n" + std::string{name} + ": ";
        auto const at = request_.find(key);
        if (at == std::string::npos) return {};
        auto const begin = at + key.size();
        return request_.substr(begin, request_.find("\r\n", begin) - begin);
    }

    bool send(std::string_view bytes) override {
        while (!bytes.empty() && whole_) {
            std::array<pollfd, 2> polled{pollfd{.fd = stop_, .events = POLLIN, .revents = 0},
                                         pollfd{.fd = fd_, .events = POLLOUT, .revents = 0}};
            poll(polled.data(), polled.size(), -1);
            auto const part = bytes.substr(0, 16384);
            auto const count =
                polled[0].revents != 0 ? -1
                : tls_ != nullptr
                    ? SSL_write(tls_, part.data(), static_cast<int>(part.size()))
                    : static_cast<int>(::send(fd_, part.data(), part.size(), MSG_DONTWAIT | MSG_NOSIGNAL));
            if (count <= 0) whole_ = false;
            if (count > 0) bytes.remove_prefix(static_cast<std::size_t>(count));
        }
        return whole_;
    }
    void reset() override {
        linger const hard{.l_onoff = 1, .l_linger = 0};
        setsockopt(fd_, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
        whole_ = false;
    }
    void drop() override { whole_ = false; }
    void hang() override {
        while (readable()) {
            std::array<char, 1> byte{};
            if (recv(fd_, byte.data(), byte.size(), 0) <= 0) return;
        }
    }

  private:
    bool read_some(std::string& into) {
        std::array<char, 4096> piece{};
        if (!readable()) return false;
        auto const count = tls_ != nullptr ? SSL_read(tls_, piece.data(), static_cast<int>(piece.size()))
                                           : static_cast<int>(recv(fd_, piece.data(), piece.size(), 0));
        if (count > 0) into.append(piece.data(), static_cast<std::size_t>(count));
        return count > 0;
    }
    bool readable() const {
        if (tls_ != nullptr && SSL_pending(tls_) > 0) return true;
        std::array<pollfd, 2> polled{pollfd{.fd = stop_, .events = POLLIN, .revents = 0},
                                     pollfd{.fd = fd_, .events = POLLIN, .revents = 0}};
        poll(polled.data(), polled.size(), -1);
        return polled[0].revents == 0;
    }

    int fd_;
    int stop_;
    SSL* tls_;
    std::string request_;
    std::string body_;
    bool whole_ = true;
};

loopback_listener listen_at(std::string const& socket_path) {
    loopback_listener made{.socket = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (socket_path.size() >= sizeof address.sun_path) throw std::runtime_error{"http_script: the path is too long"};
    socket_path.copy(address.sun_path, socket_path.size());
    if (bind(made.socket, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || listen(made.socket, 16) != 0)
        throw std::runtime_error{"http_script: cannot listen"};
    return made;
}

}  // namespace

void http_exchange::answer(std::string_view status, std::string_view fields, std::string_view body) {
    std::string text{"HTTP/1.1 "};
    text.append(status).append("\r\n").append(fields);
    text.append("Content-Length: " + std::to_string(body.size()) + "\r\n\r\n").append(body);
    send(text);
}

http_script::http_script(std::function<void(http_exchange&)> serve, certificate_files const& tls)
    : serve_{std::move(serve)}, tls_{server_tls(tls)}, listener_{listen_on_loopback()} {
    start();
}

http_script::http_script(std::function<void(http_exchange&)> serve, std::string const& socket_path)
    : serve_{std::move(serve)}, listener_{listen_at(socket_path)} {
    start();
}

void http_script::start() {
    stop_ = eventfd(0, EFD_CLOEXEC);
    acceptor_ = std::jthread{[this] { accept_all(); }};
}

http_script::~http_script() {
    eventfd_write(stop_, 1);
    acceptor_.join();
    workers_.clear();  // joins
    close(listener_.socket);
    close(stop_);
    SSL_CTX_free(tls_);
}

std::string http_script::url(std::string_view path) const {
    return (tls_ != nullptr ? "https://127.0.0.1:" : "http://127.0.0.1:") + std::to_string(listener_.port) +
           std::string{path};
}

std::vector<std::string> http_script::requests() const {
    std::lock_guard lock{mutex_};
    return requests_;
}

void http_script::accept_all() {
    while (true) {
        std::array<pollfd, 2> polled{pollfd{.fd = stop_, .events = POLLIN, .revents = 0},
                                     pollfd{.fd = listener_.socket, .events = POLLIN, .revents = 0}};
        poll(polled.data(), polled.size(), -1);
        if (polled[0].revents != 0) return;
        int const fd = accept4(listener_.socket, nullptr, nullptr, SOCK_CLOEXEC);
        if (fd < 0) continue;
        std::lock_guard lock{mutex_};
        workers_.emplace_back([this, fd] { serve_one(fd); });
    }
}

void http_script::serve_one(int fd) {
    script_exchange exchange{fd, stop_, tls_};
    if (!exchange.read_request()) return;
    {
        std::lock_guard lock{mutex_};
        requests_.push_back(exchange.request());
    }
    serve_(exchange);
}

}  // namespace logpipe::test
