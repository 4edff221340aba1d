#include "ingest_server.hpp"

#include "core/secrets.hpp"
#include "core/thread.hpp"
#include "ingest_metrics.hpp"
#include "net/address.hpp"

#include <fmt/format.h>
#include <boost/asio/post.hpp>

#include <utility>

namespace logpipe::ingest {

namespace asio = boost::asio;

namespace {

/// For the last replies.
constexpr std::chrono::seconds finish_max{1};

}  // namespace

ingest_server::ingest_server(ingest_options const& options, event_inbox& into)
    : options_{options},
      token_{options.token},
      inbox_{into},
      keep_running_{io_.get_executor()},
      clients_{io_,
               {.stage = "ingest_source",
                .limit_flag = "--ingest-connections-max",
                .clients_max = options.connections_max,
                .tls = {.certificate_file = options.certificate_file,
                        .key_file = options.key_file,
                        .client_ca_file = options.client_ca_file},
                .handshake_timeout = options.request_timeout},
               [this](net::client_listener::client link, std::string address) {
                   return serve(std::move(link), std::move(address));
               }},
      drain_ends_{io_},
      safe_{io_},
      shared_{options_, token_, inbox_, safe_, counts_, trouble_, stopping_} {}

ingest_server::~ingest_server() {
    if (!thread_.joinable()) return;
    asio::post(io_, [this] {
        stop_taking_in();
        give_up();
        keep_running_.reset();
    });
    thread_.join();
}

result<> ingest_server::open() {
    if (thread_.joinable()) return {};
    if (auto opened = clients_.open(options_.listen); !opened) return opened;
    clients_.start([this] {
        drain_ends_.cancel();
        inbox_.close();
    });
    report_open();
    thread_ = start_thread("ingest", [this] { io_.run(); });
    if (clients_.has_tls() || !options_.token_file.empty())
        reload_ = reload_entry{"ingest_source", [this] { return reload(); }};
    return {};
}

void ingest_server::report_open() const {
    auto const at = clients_.endpoint();
    log_info("ingest_source: POST /ingest at {}{}{}", net::to_text({at.address().to_string(), at.port()}),
             clients_.has_tls() ? ", TLS" : "", token_.empty() ? "" : ", with a token");
    bool const is_open = token_.empty() && options_.client_ca_file.empty();
    if (!at.address().is_loopback() && is_open)
        log_warn("ingest_source: everybody who reaches {} may send events; give --ingest-token-file", options_.listen);
    else if (!at.address().is_loopback() && !clients_.has_tls())
        log_warn(
            "ingest_source: the token and the events go over the network to {} without TLS; write ingests:// "
            "and give a certificate",
            options_.listen);
    if (options_.listening) options_.listening(at.port());
}

result<> ingest_server::reload() {
    if (auto reloaded = clients_.reload(); !reloaded) return reloaded;
    if (options_.token_file.empty()) return {};
    auto token = read_secret(options_.token_file);
    if (!token) return token.error();
    asio::post(io_, [this, token = *std::move(token)]() mutable { token_ = std::move(token); });
    return {};
}

asio::awaitable<void> ingest_server::serve(net::client_listener::client link, std::string address) {
    ingest_session session{std::move(link), std::move(address), shared_};
    co_await session.run();
}

void ingest_server::stop() {
    asio::post(io_, [this] { stop_taking_in(); });
}

void ingest_server::stop_taking_in() {
    if (std::exchange(stopping_, true)) return;
    clients_.stop();
    drain_ends_.expires_after(clients_.drain_max);
    drain_ends_.async_wait([this](boost::system::error_code const& cancelled) {
        if (!cancelled) give_up();
    });
}

/// Requests that wait are answered that they are not safe; who is then still there is disconnected.
void ingest_server::give_up() {
    safe_.give_up();
    drain_ends_.expires_after(finish_max);
    drain_ends_.async_wait([this](boost::system::error_code const& cancelled) {
        if (!cancelled) clients_.close_all("the source was stopped");
    });
}

void ingest_server::describe(stage_status& into) const {
    clients_.describe(into);
    into.metrics.emplace_back(metrics::open_connections, clients_.open_count());
    into.metrics.emplace_back(metrics::waiting, safe_.size());
    into.metrics.emplace_back(metrics::connections, clients_.accepted_count());
    into.metrics.emplace_back(metrics::handshakes_failed, clients_.handshake_failure_count());
    into.metrics.emplace_back(metrics::accept_failures, clients_.failure_count());
    counts_.describe(into);
}

}  // namespace logpipe::ingest
