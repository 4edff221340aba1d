#include "core/stage_health.hpp"
#include "net/address.hpp"
#include "tcp/tcp.hpp"
#include "tcp_metrics.hpp"

#include <fmt/format.h>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>

#include <array>
#include <atomic>
#include <memory>
#include <utility>

namespace logpipe::tcp {

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

class tcp_sink final : public sink {
  public:
    explicit tcp_sink(tcp_sink_options options) : options_{std::move(options)} {}

    result<> open(completions& reports) override {
        reports_ = &reports;
        return health_.noted(connect());
    }

    result<> write(batch& events) override {
        text_.clear();
        for (auto const& row : events.events) {
            if (row.rejected) continue;
            text_.append(events.payload(row));
            text_.push_back('\n');
        }
        if (auto sent = health_.noted(send()); !sent) return sent;
        events.counts.indexed = events.events.size() - events.rejections.size();
        events.counts.duplicates = 0;
        reports_->done(std::move(events));
        return {};
    }

    result<> flush() override { return {}; }
    result<std::optional<std::vector<progress>>> stored(std::string const& /*source_identity*/) override {
        return std::nullopt;
    }
    void cancel() override {
        cancelled_.store(true);
        asio::post(context_, [] {});  // stop() could come before a restart()
    }

    stage_status status() const override {
        stage_status now;
        now.name = "tcp_sink";
        now.metrics = {{metrics::reconnects, reconnects_}, {metrics::bytes_out, bytes_out_}};
        health_.describe(now);
        return now;
    }

  private:
    /// Of one operation. Shared with its handler, which may come after we stopped waiting (a look-up of a name).
    struct operation {
        bool done = false;
        bool given_up = false;
        std::size_t bytes = 0;
        boost::system::error_code failed;

        void finish(boost::system::error_code outcome) {
            failed = outcome;
            done = true;
        }
    };

    /// Runs until it is done, the time is over, or cancel().
    result<> run(operation& what, std::chrono::milliseconds time, std::string_view doing) {
        auto const until = std::chrono::steady_clock::now() + time;
        while (!what.done && !cancelled_.load() && std::chrono::steady_clock::now() < until) {
            context_.restart();
            context_.run_one_until(until);
        }
        if (what.done) return {};
        what.given_up = true;
        close();
        if (cancelled_.load()) return error{errc::cancelled, "the TCP sink was cancelled"};
        return error{errc::timed_out,
                     fmt::format("{} {} took longer than {} ms", doing, options_.address, time.count())};
    }

    result<> connect() {
        close();
        auto const where = net::parse_host_port(options_.address);
        if (!where) return where.error();
        tcp::resolver resolver{context_};
        auto const what = std::make_shared<operation>();
        resolver.async_resolve(where->host.empty() ? "localhost" : where->host, std::to_string(where->port),
                               [this, what](boost::system::error_code reason, tcp::resolver::results_type found) {
                                   if (reason || what->given_up) return what->finish(reason);
                                   asio::async_connect(socket_, found,
                                                       [what](boost::system::error_code outcome, tcp::endpoint const&) {
                                                           what->finish(outcome);
                                                       });
                               });
        if (auto ran = run(*what, options_.connect_timeout, "connecting to"); !ran) return ran;
        if (what->failed) return lost("cannot connect to", what->failed);
        if (std::exchange(was_connected_, true)) ++reconnects_;
        watch_for_end();
        return {};
    }

    /// A receiver sends nothing: what can be read is its end, known before lines go into a dead connection.
    void watch_for_end() {
        ended_ = false;
        socket_.async_read_some(asio::buffer(ignored_),
                                [this](boost::system::error_code failed, std::size_t /*bytes*/) {
                                    if (failed == asio::error::operation_aborted) return;
                                    if (failed)
                                        ended_ = true;
                                    else
                                        watch_for_end();
                                });
    }

    result<> send() {
        if (cancelled_.load()) return error{errc::cancelled, "the TCP sink was cancelled"};
        context_.restart();
        context_.poll();
        if (ended_) {
            close();
            return error{errc::not_connected, fmt::format("{} closed the connection", options_.address)};
        }
        for (std::size_t sent = 0; sent < text_.size();) {
            auto const what = std::make_shared<operation>();
            socket_.async_write_some(asio::buffer(text_.data() + sent, text_.size() - sent),
                                     [what](boost::system::error_code reason, std::size_t bytes) {
                                         what->bytes = bytes;
                                         what->finish(reason);
                                     });
            if (auto ran = run(*what, options_.stall_timeout, "sending to"); !ran) return ran;
            if (what->failed) return lost("cannot send to", what->failed);
            sent += what->bytes;
            bytes_out_ += what->bytes;
        }
        return {};
    }

    error lost(std::string_view doing, boost::system::error_code reason) {
        close();
        return {errc::not_connected, fmt::format("{} {}: {}", doing, options_.address, reason.message())};
    }

    void close() {
        boost::system::error_code ignored;
        socket_.close(ignored);
        context_.restart();
        context_.poll();
    }

    tcp_sink_options const options_;
    asio::io_context context_{1};
    tcp::socket socket_{context_};
    std::array<char, 256> ignored_{};
    completions* reports_ = nullptr;
    std::string text_;
    bool ended_ = false;
    bool was_connected_ = false;
    std::atomic<bool> cancelled_{false};
    std::atomic<std::uint64_t> reconnects_{0}, bytes_out_{0};
    stage_health health_;
};

}  // namespace

std::unique_ptr<sink> make_tcp_sink(tcp_sink_options options) {
    return std::make_unique<tcp_sink>(std::move(options));
}

}  // namespace logpipe::tcp
