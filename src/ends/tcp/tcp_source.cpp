#include "core/log.hpp"
#include "core/stage_health.hpp"
#include "lines/line_chunker.hpp"
#include "net/address.hpp"
#include "tcp/tcp.hpp"
#include "tcp_metrics.hpp"

#include <fmt/format.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>

#include <atomic>
#include <deque>
#include <memory>
#include <set>
#include <utility>
#include <vector>

namespace logpipe::tcp {

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

constexpr std::size_t piece_bytes = std::size_t{64} << 10U;

/// One client: its lines do not mix with those of others. Asked for more only when what came is taken.
struct client {
    client(tcp::socket connection, lines::line_chunker lines)
        : socket{std::move(connection)}, chunker{std::move(lines)} {}

    tcp::socket socket;
    lines::line_chunker chunker;
    std::vector<char> buffer = std::vector<char>(piece_bytes);
    std::string_view piece;  // of buffer, not yet taken by the chunker
    bool ended = false;
    steady_time heard_at = std::chrono::steady_clock::now();
};

/// Everything runs in read(), on the pump's thread; only stop() and wake() come from others.
class tcp_source final : public source {
  public:
    explicit tcp_source(tcp_source_options options) : options_{std::move(options)} {}

    result<> open() override { return health_.noted(listen()); }
    std::string identity() const override {
        return fmt::format("tcp {} run {}", options_.listen, options_.lines.run_id);
    }
    result<> seek(std::span<position const> /*stored*/) override { return {}; }
    // The protocol has no acknowledgement, and a client sends nothing again.
    result<> commit(std::span<progress const> /*safe*/) override { return {}; }

    result<> read(batch& into, steady_time until) override {
        while (true) {
            if (take_ready(into)) return {};
            if (stopping_.load() && close_all()) continue;
            if (stopping_.load() && ready_.empty()) return error{errc::end_of_input, "the listener was stopped"};
            if (woken_.exchange(false)) return {};
            close_idle();
            context_.restart();
            if (context_.run_one_until(std::min(until, next_look())) == 0 && std::chrono::steady_clock::now() >= until)
                return {};
        }
    }

    void stop() override {
        stopping_.store(true);
        wake();
    }
    void wake() override {
        woken_.store(true);
        asio::post(context_, [] {});  // stop() could come before a restart()
    }

    stage_status status() const override {
        stage_status now;
        now.name = "tcp_source";
        now.metrics = {{metrics::open_connections, open_},   {metrics::connections, connections_},
                       {metrics::idle_closed, idle_closed_}, {metrics::bytes_in, bytes_in_},
                       {metrics::empty_lines, empty_lines_}, {metrics::cut_lines, cut_lines_}};
        health_.describe(now);
        return now;
    }

  private:
    using client_ptr = std::shared_ptr<client>;

    result<> listen() {
        if (acceptor_.is_open()) return {};
        auto const where = net::parse_host_port(options_.listen);
        if (!where) return where.error();
        boost::system::error_code failed;
        tcp::resolver resolver{context_};
        auto const found = resolver.resolve(where->host.empty() ? "0.0.0.0" : where->host, std::to_string(where->port),
                                            tcp::resolver::passive, failed);
        if (failed || found.empty()) return failure("resolve", failed);
        auto const endpoint = found.begin()->endpoint();
        tcp::acceptor opened{context_};
        opened.open(endpoint.protocol(), failed);
        if (!failed) opened.set_option(tcp::acceptor::reuse_address{true}, failed);
        if (!failed) opened.bind(endpoint, failed);
        if (!failed) opened.listen(asio::socket_base::max_listen_connections, failed);
        if (failed) return failure("listen on", failed);
        acceptor_ = std::move(opened);
        log_info("tcp_source: listening on {}",
                 net::to_text({acceptor_.local_endpoint().address().to_string(), acceptor_.local_endpoint().port()}));
        if (options_.listening) options_.listening(acceptor_.local_endpoint().port());
        accept();
        return {};
    }

    error failure(std::string_view what, boost::system::error_code reason) const {
        auto const message = fmt::format("cannot {} {}: {}", what, options_.listen, reason.message());
        return {reason == asio::error::address_in_use ? errc::busy : errc::invalid_argument, message};
    }

    void accept() {
        if (accepting_ || stopping_.load() || clients_.size() >= options_.connections_max) return;
        accepting_ = true;
        acceptor_.async_accept([this](boost::system::error_code failed, tcp::socket socket) {
            accepting_ = false;
            if (failed == asio::error::operation_aborted) return;
            if (failed) {
                log_warn("tcp_source: accept failed: {}", failed.message());
            } else {
                add(std::move(socket));
            }
            accept();
        });
    }

    void add(tcp::socket socket) {
        boost::system::error_code failed;
        auto const from = socket.remote_endpoint(failed);
        auto lines = options_.lines;
        // Two clients that send the same lines send different events.
        lines.run_id = fmt::format("{}.{}", lines.run_id, connections_.load());
        auto const name = failed ? std::string{"a client"} : net::to_text({from.address().to_string(), from.port()});
        auto const made = std::make_shared<client>(
            std::move(socket), lines::line_chunker{std::move(lines), {}, fmt::format("tcp {}", name)});
        ++connections_;
        clients_.insert(made);
        open_ = clients_.size();
        receive(made);
    }

    void receive(client_ptr const& from) {
        from->socket.async_read_some(asio::buffer(from->buffer),
                                     [this, from](boost::system::error_code failed, std::size_t bytes) {
                                         from->piece = {from->buffer.data(), bytes};
                                         from->ended = from->ended || static_cast<bool>(failed);
                                         from->heard_at = std::chrono::steady_clock::now();
                                         bytes_in_ += bytes;
                                         ready_.push_back(from);
                                     });
    }

    /// Gives the next chunk of a client that has sent something. @return false where there is none
    bool take_ready(batch& into) {
        while (!ready_.empty()) {
            auto const from = ready_.front();
            auto const empty = from->chunker.empty_lines();
            auto const cut = from->chunker.cut_lines();
            // What will not come again does not wait for its chunk to fill up.
            bool const full = from->chunker.add(from->piece);
            bool const given = full || (from->ended ? from->chunker.finish() : from->chunker.flush());
            empty_lines_ += from->chunker.empty_lines() - empty;
            cut_lines_ += from->chunker.cut_lines() - cut;
            if (given) give(*from, into);
            if (!full) {
                ready_.pop_front();
                from->ended ? leave(from) : receive(from);
            }
            if (given) return true;
        }
        return false;
    }

    /// Offsets go on over all clients: the source is one partition.
    void give(client& from, batch& into) {
        from.chunker.take(into);
        into.partition = 0;
        for (auto& row : into.events) row.offset = next_offset_++;
        into.end_offset = next_offset_;
    }

    void leave(client_ptr const& which) {
        clients_.erase(which);
        open_ = clients_.size();
        accept();
    }

    /// Every client has said its last; what it sent is still given. @return whether there was one to end
    bool close_all() {
        boost::system::error_code ignored;
        if (acceptor_.is_open()) acceptor_.close(ignored);
        bool any = false;
        for (auto const& each : clients_) {
            if (each->ended || !each->socket.is_open()) continue;
            each->socket.close(ignored);
            any = true;
        }
        if (!any && clients_.empty()) return false;
        context_.restart();
        context_.poll();  // their reads end
        return any || !ready_.empty();
    }

    void close_idle() {
        if (options_.idle_time.count() == 0) return;
        auto const now = std::chrono::steady_clock::now();
        if (now < looked_at_ + std::chrono::seconds{1}) return;
        looked_at_ = now;
        boost::system::error_code ignored;
        for (auto const& each : clients_) {
            if (each->ended || now - each->heard_at < options_.idle_time) continue;
            each->socket.close(ignored);
            ++idle_closed_;
        }
    }

    [[nodiscard]] steady_time next_look() const {
        return options_.idle_time.count() == 0 ? steady_time::max() : looked_at_ + std::chrono::seconds{1};
    }

    tcp_source_options const options_;
    asio::io_context context_{1};
    tcp::acceptor acceptor_{context_};
    std::set<client_ptr> clients_;
    std::deque<client_ptr> ready_;  // those with bytes to take, or an end
    bool accepting_ = false;
    std::uint64_t next_offset_ = 0;
    steady_time looked_at_{};
    std::atomic<bool> stopping_{false};
    std::atomic<bool> woken_{false};
    std::atomic<std::uint64_t> open_{0}, connections_{0}, idle_closed_{0}, bytes_in_{0}, empty_lines_{0}, cut_lines_{0};
    stage_health health_;
};

}  // namespace

std::unique_ptr<source> make_tcp_source(tcp_source_options options) {
    if (options.lines.run_id.empty()) options.lines.run_id = lines::make_run_id();
    return std::make_unique<tcp_source>(std::move(options));
}

}  // namespace logpipe::tcp
