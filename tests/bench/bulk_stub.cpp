// A server that answers `_bulk` at once, for measuring what sends to it: it counts documents, sums their hashes (so
// that a fast wrong answer shows), and keeps nothing. One thread, epoll. GET /_stub tells what it took so far.
//
//     bulk_stub PORT        port 0 takes a free one; the first line printed is the port; ends at SIGTERM
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <string_view>

namespace {

constexpr std::string_view item = R"({"create":{"status":201}},)";
constexpr std::size_t items_max = 1U << 20U;

struct totals {
    std::uint64_t documents = 0;
    std::uint64_t bytes = 0;
    std::uint64_t hashes = 0;  // the sum of the documents' hashes: the same in any order
};

struct connection {
    std::string in;
};

[[noreturn]] void die(char const* what) {
    std::perror(what);
    std::exit(1);
}

/// Every second line is a document.
std::uint64_t count_documents(std::string_view body, totals& sum) {
    std::uint64_t lines = 0;
    while (!body.empty()) {
        auto const end = body.find('\n');
        auto const line = body.substr(0, end);
        if (lines++ % 2 == 1) sum.hashes += XXH3_64bits(line.data(), line.size());
        body = end == std::string_view::npos ? std::string_view{} : body.substr(end + 1);
    }
    return lines / 2;
}

void send_all(int socket, std::array<iovec, 3> pieces) {
    for (std::size_t first = 0; first < pieces.size();) {
        auto const sent = writev(socket, &pieces.at(first), static_cast<int>(pieces.size() - first));
        if (sent < 0) return;  // the peer left; the next read says so
        for (auto left = static_cast<std::size_t>(sent); first < pieces.size();) {
            auto& piece = pieces.at(first);
            auto const taken = std::min(left, piece.iov_len);
            piece.iov_base = static_cast<char*>(piece.iov_base) + taken;
            piece.iov_len -= taken;
            left -= taken;
            if (piece.iov_len != 0) break;
            ++first;
        }
    }
}

void answer(int socket, std::string_view status, std::string_view begin, std::string_view middle,
            std::string_view end) {
    auto const length = begin.size() + middle.size() + end.size();
    auto head = std::string{"HTTP/1.1 "} + std::string{status} +
                "\r\ncontent-type: application/json\r\ncontent-length: " + std::to_string(length) + "\r\n\r\n";
    head += begin;
    send_all(socket, {{{head.data(), head.size()},
                       {const_cast<char*>(middle.data()), middle.size()},
                       {const_cast<char*>(end.data()), end.size()}}});
}

class stub final {
  public:
    stub() {
        items_.reserve(item.size() * items_max);
        for (std::size_t i = 0; i < items_max; ++i) items_ += item;
    }

    /// Answers every whole request of `in`. @return false when what came is no HTTP that we understand.
    bool serve(int socket, std::string& in) {
        while (true) {
            auto const head_end = in.find("\r\n\r\n");
            if (head_end == std::string::npos) return true;
            auto head = in.substr(0, head_end);
            std::ranges::transform(head, head.begin(),
                                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
            std::size_t length = 0;
            if (auto const at = head.find("content-length:"); at != std::string::npos)
                length = std::strtoull(head.c_str() + at + 15, nullptr, 10);
            if (head.find("transfer-encoding:") != std::string::npos) return false;
            if (head.find("expect: 100-continue") != std::string::npos && in.size() == head_end + 4)
                send_all(socket, {{{const_cast<char*>("HTTP/1.1 100 Continue\r\n\r\n"), 25}, {}, {}}});
            auto const whole = head_end + 4 + length;
            if (in.size() < whole) {
                in.reserve(whole);
                return true;
            }
            take(socket, head, std::string_view{in}.substr(head_end + 4, length));
            in.erase(0, whole);
        }
    }

  private:
    void take(int socket, std::string_view head, std::string_view body) {
        auto const line = head.substr(0, head.find('\r'));
        if (line.starts_with("post ") && line.find("_bulk") != std::string_view::npos) {
            auto const documents = count_documents(body, sum_);
            sum_.documents += documents;
            sum_.bytes += body.size();
            if (documents > items_max) std::exit(1);
            auto const items = std::string_view{items_}.substr(0, documents == 0 ? 0 : documents * item.size() - 1);
            answer(socket, "200 OK", R"({"took":1,"errors":false,"items":[)", items, "]}");
        } else if (line.starts_with("get /_stub ")) {
            answer(socket, "200 OK",
                   R"({"documents":)" + std::to_string(sum_.documents) + R"(,"bytes":)" + std::to_string(sum_.bytes) +
                       R"(,"hashes":")" + std::to_string(sum_.hashes) + "\"}",
                   "", "");
        } else if (line.starts_with("get / ") || line.starts_with("head / ")) {
            answer(socket, "200 OK", R"({"version":{"number":"2.9.0","distribution":"opensearch"}})", "", "");
        } else if (line.starts_with("get ")) {
            answer(socket, "404 Not Found", R"({"error":{"type":"index_not_found_exception"},"status":404})", "", "");
        } else if (line.starts_with("head ")) {
            answer(socket, "200 OK", "", "", "");
        } else {
            answer(socket, "200 OK", R"({"acknowledged":true})", "", "");
        }
    }

    std::string items_;
    totals sum_;
};

int listen_on(std::uint16_t port) {
    int const listener = socket(AF_INET, SOCK_STREAM, 0);
    int const yes = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) die("bind");
    if (listen(listener, 64) != 0) die("listen");
    socklen_t bytes = sizeof address;
    getsockname(listener, reinterpret_cast<sockaddr*>(&address), &bytes);
    std::printf("%u\n", static_cast<unsigned>(ntohs(address.sin_port)));
    std::fflush(stdout);
    return listener;
}

void watch(int poll, int descriptor) {
    epoll_event what{};
    what.events = EPOLLIN;
    what.data.fd = descriptor;
    if (epoll_ctl(poll, EPOLL_CTL_ADD, descriptor, &what) != 0) die("epoll_ctl");
}

/// @return false when the connection is over.
bool read_some(int socket, connection& from, stub& server) {
    constexpr std::size_t piece = 1U << 20U;
    auto const before = from.in.size();
    from.in.resize(before + piece);
    auto const got = read(socket, from.in.data() + before, piece);
    from.in.resize(before + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    return got > 0 && server.serve(socket, from.in);
}

}  // namespace

int main(int argument_count, char** arguments) {
    auto const port = static_cast<std::uint16_t>(argument_count > 1 ? std::atoi(arguments[1]) : 0);
    std::signal(SIGPIPE, SIG_IGN);
    sigset_t stop;
    sigemptyset(&stop);
    sigaddset(&stop, SIGTERM);
    sigprocmask(SIG_BLOCK, &stop, nullptr);
    int const signals = signalfd(-1, &stop, 0);
    int const poll = epoll_create1(0);
    int const listener = listen_on(port);
    watch(poll, signals);
    watch(poll, listener);
    stub server;
    std::map<int, connection> connections;
    std::array<epoll_event, 64> ready{};
    while (true) {
        auto const count = epoll_wait(poll, ready.data(), static_cast<int>(ready.size()), -1);
        for (int i = 0; i < count; ++i) {
            int const descriptor = ready.at(static_cast<std::size_t>(i)).data.fd;
            if (descriptor == signals) return 0;
            if (descriptor == listener) {
                int const accepted = accept(listener, nullptr, nullptr);
                int const yes = 1;
                setsockopt(accepted, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
                watch(poll, accepted);
                connections[accepted] = {};
            } else if (!read_some(descriptor, connections[descriptor], server)) {
                connections.erase(descriptor);
                close(descriptor);
            }
        }
    }
}
