#include "support/bulk_script.hpp"

#include "codec/gzip.hpp"

#include <fmt/format.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <stdexcept>

namespace logpipe::test {

using namespace codec;

namespace {

std::string field_of(std::string const& head, std::string_view name) {
    auto const key = fmt::format("\r\n{}: ", name);
    auto const at = head.find(key);
    if (at == std::string::npos) return {};
    return head.substr(at + key.size(), head.find("\r\n", at + 2) - at - key.size());
}

/// Lines in pairs, the first of which holds the id.
std::vector<std::pair<std::string, std::string>> documents_of(std::string const& body) {
    constexpr std::string_view before_id = R"({"create":{"_id":")";
    std::vector<std::pair<std::string, std::string>> documents;
    for (std::size_t at = 0; at < body.size();) {
        auto const action_end = body.find('\n', at);
        auto const document_end = body.find('\n', action_end + 1);
        if (document_end == std::string::npos || body.compare(at, before_id.size(), before_id) != 0)
            throw std::runtime_error{"bulk_script: the body is not as it should be: " + body.substr(at, 200)};
        auto const id = at + before_id.size();
        documents.emplace_back(body.substr(id, body.find('"', id) - id),
                               body.substr(action_end + 1, document_end - action_end - 1));
        at = document_end + 1;
    }
    return documents;
}

}  // namespace

/// One connection.
class bulk_script::peer final {
  public:
    peer(int fd, SSL_CTX* tls) : fd_{fd}, tls_{tls == nullptr ? nullptr : SSL_new(tls)} {
        if (tls_ != nullptr) SSL_set_fd(tls_, fd);
    }
    ~peer() { SSL_free(tls_); }
    peer(peer const&) = delete;
    peer& operator=(peer const&) = delete;

    bool start() { return tls_ == nullptr || SSL_accept(tls_) == 1; }
    bool read(bulk_ask& into) {
        std::size_t end = 0;
        while ((end = unread_.find("\r\n\r\n")) == std::string::npos)
            if (!read_some()) return false;
        into.head = unread_.substr(0, end + 2);
        unread_.erase(0, end + 4);
        auto const length = field_of(into.head, "Content-Length");
        std::size_t bytes = 0;
        std::from_chars(length.data(), length.data() + length.size(), bytes);
        while (unread_.size() < bytes)
            if (!read_some()) return false;
        into.wire_bytes = bytes;
        into.body = unread_.substr(0, bytes);
        unread_.erase(0, bytes);
        if (field_of(into.head, "Content-Encoding") == "gzip") into.body = codec::gunzip(into.body, 1U << 30U).value();
        return true;
    }
    bool write(std::string_view bytes) {
        while (!bytes.empty()) {
            auto const sent = tls_ != nullptr ? SSL_write(tls_, bytes.data(), static_cast<int>(bytes.size()))
                                              : static_cast<int>(send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL));
            if (sent <= 0) return false;
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
        return true;
    }
    void wait_for_end() {
        while (read_some()) {
        }
    }

  private:
    bool read_some() {
        std::array<char, 65536> piece{};
        auto const count = tls_ != nullptr ? SSL_read(tls_, piece.data(), static_cast<int>(piece.size()))
                                           : static_cast<int>(recv(fd_, piece.data(), piece.size(), 0));
        if (count > 0) unread_.append(piece.data(), static_cast<std::size_t>(count));
        return count > 0;
    }

    int fd_;
    SSL* tls_;
    std::string unread_;
};

bulk_script::bulk_script(std::function<bulk_reply(bulk_ask const&)> answer, certificate_files const& tls)
    : answer_{std::move(answer)}, tls_{server_tls(tls)}, listener_{listen_on_loopback()} {
    acceptor_ = std::jthread{[this] { accept_all(); }};
}

bulk_script::~bulk_script() {
    shutdown(listener_.socket, SHUT_RDWR);
    acceptor_.join();
    {
        std::lock_guard lock{mutex_};
        ended_ = true;
        for (auto const fd : sockets_) shutdown(fd, SHUT_RDWR);
    }
    workers_.clear();  // joins
    for (auto const fd : sockets_) close(fd);
    close(listener_.socket);
    SSL_CTX_free(tls_);
}

std::vector<bulk_ask> bulk_script::asks() const {
    std::lock_guard lock{mutex_};
    return asks_;
}

std::size_t bulk_script::connections() const {
    std::lock_guard lock{mutex_};
    return sockets_.size();
}

void bulk_script::accept_all() {
    while (true) {
        int const fd = accept4(listener_.socket, nullptr, nullptr, SOCK_CLOEXEC);
        if (fd < 0) return;
        std::lock_guard lock{mutex_};
        auto const number = sockets_.size();
        sockets_.push_back(fd);
        workers_.emplace_back([this, number, fd] { serve(number, fd); });
    }
}

bulk_reply bulk_script::answer_to(bulk_ask& ask) {
    {
        std::lock_guard lock{mutex_};
        if (ask.is_bulk()) ask.number = bulk_asks_++;
        asks_.push_back(ask);
    }
    if (ask.is_bulk()) return answer_(ask);
    if (ask.head.starts_with("PUT ") || ask.head.starts_with("GET / ") || ask.head.contains("/_simulate_index/"))
        return {.body = "{}"};
    return {.status = "404 Not Found", .body = R"({"error":{"type":"index_not_found_exception"},"status":404})"};
}

void bulk_script::serve(std::size_t connection, int fd) {
    peer other{fd, tls_};
    bulk_ask ask;
    ask.connection = connection;
    if (!other.start()) return;
    while (other.read(ask)) {
        ask.documents.clear();
        if (ask.is_bulk()) ask.documents = documents_of(ask.body);
        auto const reply = answer_to(ask);
        if (reply.how == bulk_reply::manner::silent) return other.wait_for_end();
        if (reply.how == bulk_reply::manner::reset) {
            linger const hard{.l_onoff = 1, .l_linger = 0};
            setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
            // Disconnecting sends the RST at once; the number stays ours until the end.
            sockaddr const nowhere{.sa_family = AF_UNSPEC, .sa_data = {}};
            ::connect(fd, &nowhere, sizeof nowhere);
            return;
        }
        auto const head = fmt::format("HTTP/1.1 {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
                                      reply.status, reply.body.size());
        bool const cut = reply.how == bulk_reply::manner::cut_short;
        auto const body = std::string_view{reply.body}.substr(0, cut ? reply.body.size() / 2 : reply.body.size());
        if (!other.write(head + std::string{body}) || cut || reply.then_close) {
            shutdown(fd, SHUT_RDWR);
            return;
        }
    }
}

bulk_reply script_index::create(bulk_ask const& ask,
                                std::function<item_answer(std::string_view document)> const& instead) {
    bulk_reply reply;
    bool errors = false;
    std::string items;
    for (auto const& [id, document] : ask.documents) {
        auto answer = instead ? instead(document) : item_answer{};
        if (answer.status == 201) {
            std::lock_guard lock{mutex_};
            if (!documents_.emplace(id, document).second)
                answer = {
                    .status = 409, .type = "version_conflict_engine_exception", .reason = "document already exists"};
        }
        if (!items.empty()) items += ',';
        items += fmt::format(R"({{"create":{{"status":{})", answer.status);
        if (!answer.type.empty())
            items += fmt::format(R"(,"error":{{"type":"{}","reason":"{}"}})", answer.type, answer.reason);
        items += "}}";
        errors = errors || answer.status != 201;
    }
    reply.body = fmt::format(R"({{"errors":{},"items":[{}]}})", errors, items);
    return reply;
}

std::map<std::string, std::string> script_index::documents() const {
    std::lock_guard lock{mutex_};
    return documents_;
}

}  // namespace logpipe::test
