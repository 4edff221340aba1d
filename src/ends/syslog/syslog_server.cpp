#include "syslog_server.hpp"

#include "core/clock.hpp"
#include "core/thread.hpp"
#include "net/address.hpp"
#include "syslog_metrics.hpp"

#include <fmt/format.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <exception>
#include <span>
#include <utility>
#include <vector>

namespace logpipe::syslog {

namespace asio = boost::asio;

namespace {

constexpr auto nothrow = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t piece_bytes = std::size_t{64} << 10U;
constexpr std::chrono::seconds count_step{1};

}  // namespace

syslog_server::syslog_server(syslog_source_options const& options, message_inbox& into)
    : options_{options},
      inbox_{into},
      keep_running_{io_.get_executor()},
      clients_{io_,
               {.stage = "syslog_source",
                .limit_flag = "--syslog-connections-max",
                .clients_max = options.connections_max,
                .tls = {.certificate_file = options.certificate_file,
                        .key_file = options.key_file,
                        .client_ca_file = options.client_ca_file},
                .handshake_timeout = options.handshake_timeout},
               [this](client link, std::string address) { return take_messages(std::move(link), std::move(address)); }},
      datagrams_{io_},
      room_made_{io_, asio::steady_timer::time_point::max()},
      next_count_{io_},
      drain_ends_{io_} {}

syslog_server::~syslog_server() {
    if (!thread_.joinable()) return;
    asio::post(io_, [this] {
        stop_taking_in();
        abandon("this process ends");
        keep_running_.reset();
    });
    thread_.join();
}

result<> syslog_server::open() {
    if (thread_.joinable()) return {};
    if (auto listening = listen(); !listening) return listening;
    report_open();
    thread_ = start_thread("syslog-in", [this] { io_.run(); });
    if (clients_.has_tls()) reload_ = reload_entry{"syslog_source", [this] { return clients_.reload(); }};
    return {};
}

result<> syslog_server::listen() {
    if (has_stream())
        if (auto opened = clients_.open(options_.listen); !opened) return opened;
    if (has_datagrams()) {
        auto opened = datagrams_.open(options_.listen, options_.receive_buffer_bytes);
        if (!opened) clients_.close();
        if (!opened) return opened;
    }
    feeders_ = (has_stream() ? 1U : 0U) + (has_datagrams() ? 1U : 0U);
    if (has_stream()) clients_.start([this] { left(); });
    if (!has_datagrams()) return {};
    auto const report = [](std::exception_ptr const& failure) {
        if (failure) log_error("syslog_source: reading datagrams ended by an exception");
    };
    asio::co_spawn(io_, take_datagrams(), [this, report](std::exception_ptr const& failure) {
        report(failure);
        datagrams_.close();
        next_count_.cancel();
        left();
    });
    asio::co_spawn(io_, watch_drops(), report);
    return {};
}

void syslog_server::report_open() const {
    auto const tcp = has_stream() ? clients_.endpoint().port() : std::uint16_t{0};
    auto const udp = has_datagrams() ? datagrams_.port() : std::uint16_t{0};
    log_info("syslog_source: listening on {}:{}{}", options_.listen,
             has_stream() ? fmt::format(" {} port {}", options_.tls ? "TLS" : "TCP", tcp) : "",
             has_datagrams() ? fmt::format(" UDP port {}", udp) : "");
    if (has_datagrams() && datagrams_.buffer_bytes() < options_.receive_buffer_bytes)
        log_info(
            "syslog_source: the kernel grants a receive buffer of {} bytes of the {} of --syslog-receive-buffer; more "
            "by sysctl net.core.rmem_max",
            datagrams_.buffer_bytes().load(), options_.receive_buffer_bytes);
    if (options_.listening) options_.listening(tcp, udp);
}

asio::awaitable<void> syslog_server::take_messages(client link, std::string address) {
    frame_splitter frames{options_.lines.line_bytes_max};
    memory_share memory{turn_.budget(), "syslog messages"};
    std::vector<char> space(piece_bytes);
    while (!abandoned_) {
        co_await wait_for_room();
        if (frames.within_message()) co_await wait_for_memory(link);
        if (stopping_)
            link->stop_reading_after(clients_.quiet_max);
        else if (options_.idle_time.count() > 0)
            link->close_after(options_.idle_time, "idle");
        auto const [failed, bytes] = co_await link->read_some(std::span{space});
        link->clear_deadline();
        bytes_in_ += bytes;
        turn_.received(*link, bytes);
        put_all(frames, {space.data(), bytes});
        if (!frames.within_message()) turn_.leave(*link);
        memory.set(frames.held_bytes());
        if (!failed) continue;
        if (link->closed() && !stopping_) ++idle_closed_;
        break;
    }
    turn_.leave(*link);
    auto const empty = frames.empty_messages();
    auto const last = frames.finish();
    empty_ += frames.empty_messages() - empty;
    if (!last) co_return;
    put(*last);
    if (last->missing_bytes == 0) co_return;
    if (auto const count = trouble_.admit(); count != 0)
        log_warn("syslog_source: {} left within a message, which is a dead letter ({} times)", address, count);
}

void syslog_server::put_all(frame_splitter& frames, std::string_view bytes) {
    auto const empty = frames.empty_messages();
    while (auto const message = frames.next(bytes)) put(*message);
    empty_ += frames.empty_messages() - empty;
}

void syslog_server::put(framed_message const& message) {
    static_cast<void>(inbox_.put(received_message{.framed = message, .received_ns = now_ns()}));
}

/// Until stop(), and then what waits in the kernel: it was sent before.
asio::awaitable<void> syslog_server::take_datagrams() {
    auto const bytes_max = options_.lines.line_bytes_max;
    while (!abandoned_) {
        co_await wait_for_room();
        auto const& burst = datagrams_.take();
        for (auto const whole : burst) {
            bytes_in_ += whole.size();
            auto const text = without_trailer(whole);
            if (text.empty())
                ++empty_;
            else
                put({.text = text.substr(0, bytes_max), .cut = text.size() > bytes_max});
        }
        if (!burst.empty()) continue;
        if (stopping_) break;
        auto [failed] = co_await datagrams_.socket().async_wait(asio::socket_base::wait_read, nothrow);
        if (failed && !stopping_) {
            log_error("syslog_source: cannot receive datagrams: {}", failed.message());
            break;
        }
    }
}

asio::awaitable<void> syslog_server::watch_drops() {
    while (datagrams_.socket().is_open()) {
        auto const before = datagrams_.dropped().load();
        datagrams_.count_dropped();
        auto const lost = datagrams_.dropped() - before;
        if (lost > 0)
            log_error(
                "syslog_source: the kernel dropped {} datagrams: its receive buffer of {} bytes was full. Raise "
                "--syslog-receive-buffer and net.core.rmem_max, or send by TCP",
                lost, datagrams_.buffer_bytes().load());
        next_count_.expires_after(count_step);
        co_await next_count_.async_wait(nothrow);
    }
}

asio::awaitable<void> syslog_server::wait_for_room() {
    while (!abandoned_ && inbox_.full()) co_await room_made_.async_wait(nothrow);
}

asio::awaitable<void> syslog_server::wait_for_memory(client link) {
    if (turn_.may_read(link)) co_return;
    turn_.budget().waited();
    while (!abandoned_ && !turn_.may_read(link)) {
        asio::steady_timer next{io_, turn_.pause};
        co_await next.async_wait(nothrow);
    }
}

void syslog_server::made_room() {
    asio::post(io_, [this] { room_made_.cancel(); });
}

void syslog_server::stop() {
    asio::post(io_, [this] { stop_taking_in(); });
}

/// What is on its way counts as taken in: a sender without acks never learns that nobody read it. So each connection is
/// read until it is quiet, as far as the limit for all of them goes.
void syslog_server::stop_taking_in() {
    if (std::exchange(stopping_, true)) return;
    clients_.stop();
    boost::system::error_code ignored;  // it may not be open
    datagrams_.socket().cancel(ignored);
    drain_ends_.expires_after(clients_.drain_max);
    drain_ends_.async_wait([this](boost::system::error_code const& cancelled) {
        if (!cancelled) abandon("the source was stopped");
    });
}

/// Nothing is waited for any more.
void syslog_server::abandon(std::string const& reason) {
    abandoned_ = true;
    drain_ends_.cancel();
    room_made_.cancel();
    clients_.close_all(reason);
}

void syslog_server::left() {
    if (--feeders_ > 0) return;
    drain_ends_.cancel();
    inbox_.close();
}

void syslog_server::describe(stage_status& into) const {
    clients_.describe(into);
    into.metrics.emplace_back(metrics::open_connections, clients_.open_count());
    into.metrics.emplace_back(metrics::datagrams_dropped, datagrams_.dropped());
    into.metrics.emplace_back(metrics::datagrams, datagrams_.datagrams());
    into.metrics.emplace_back(metrics::receive_buffer_bytes, datagrams_.buffer_bytes());
    into.metrics.emplace_back(metrics::connections, clients_.accepted_count());
    into.metrics.emplace_back(metrics::connections_idle, idle_closed_);
    into.metrics.emplace_back(metrics::handshakes_failed, clients_.handshake_failure_count());
    into.metrics.emplace_back(metrics::accept_failures, clients_.failure_count());
    into.metrics.emplace_back(metrics::bytes_in, bytes_in_);
    into.metrics.emplace_back(metrics::messages_empty, empty_);
}

}  // namespace logpipe::syslog
