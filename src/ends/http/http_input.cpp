// Lines from a web server. A download that is cut resumes where it was, or starts over and is compared.
#include "content_history.hpp"
#include "core/environment.hpp"
#include "core/log.hpp"
#include "core/retry_loop.hpp"
#include "http/http.hpp"
#include "http_content.hpp"
#include "lines/byte_input.hpp"
#include "lines/line_source.hpp"
#include "lines/lines.hpp"
#include "net/http_client.hpp"
#include "net/http_url.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <utility>

namespace logpipe::http {

namespace {

using std::chrono::steady_clock;

std::string fields_of(http_request_range const& range) {
    if (range.if_range.empty()) return "Accept: */*\r\nAccept-Encoding: gzip\r\n";
    // A range counts the bytes of one representation: the one without a coding.
    return fmt::format("Accept: */*\r\nAccept-Encoding: identity\r\nRange: bytes={}-\r\nIf-Range: {}\r\n",
                       range.begin_bytes, range.if_range);
}

class http_input final : public lines::byte_input {
  public:
    explicit http_input(http_source_options options) : options_{std::move(options)} {}

    result<> open() override {
        auto parsed = net::parse_http_url(options_.url);
        if (!parsed) return parsed.error();
        url_ = std::move(*parsed);
        return reach();
    }

    result<std::optional<lines::input_piece>> read(steady_time until) override {
        while (!ended_) {
            if (!content_) {
                if (!client_.wait(std::min(retry_.due(), until)) || !retry_.is_due(steady_clock::now()))
                    return std::nullopt;
                if (auto begun = begin(); !begun) return begun.error();
            }
            auto const piece = advance(until);
            if (!piece) {
                if (auto failed = recover(piece.error()); !failed) return failed.error();
                continue;
            }
            if (!*piece) return std::nullopt;
            if (!(*piece)->empty()) return lines::input_piece{.bytes = **piece};
        }
        return lines::input_piece{.bytes = {}, .end = true};
    }

    bool repeatable() const override { return true; }
    void wake() override { client_.wake(); }

    std::optional<lines::input_size> size() const override {
        auto const total = bytes_total_.load(std::memory_order_relaxed);
        if (total == 0) return std::nullopt;
        return lines::input_size{.total = total};
    }

    stage_status status() const override {
        stage_status status;
        status.name = "http_source";
        status.retries = resumes_.load(std::memory_order_relaxed);
        return status;
    }

  private:
    result<net::http_target> target_of(net::http_url const& url) const {
        net::http_server server{
            .address = url.server,
            .timeouts = {.connect = options_.connect_timeout, .stall = options_.idle_timeout},
            .route = net::http_route::by_environment,
        };
        if (url.tls)
            server.tls = net::tls_client_options{.ca_file = options_.ca_file,
                                                 .insecure_skip_verify = options_.insecure_skip_verify};
        auto target = net::make_http_target(server);
        if (target) target->name.clear();  // our errors name the whole URL
        return target;
    }

    result<> begin() {
        here_ = url_;
        redirects_ = 0;
        return send();
    }

    result<> send() {
        auto target = target_of(here_);
        if (!target) return target.error();
        http_request_range range;
        if (!resume_tag_.empty()) range = {.begin_bytes = history_.given_bytes(), .if_range = resume_tag_};
        content_.emplace(range);
        judged_ = false;
        client_.use(*std::move(target));
        client_.start({.path = here_.target, .fields = fields_of(range), .keep_alive = false});
        return {};
    }

    /// Sends the request, and waits until the server has accepted or rejected it, for as long as the connection's own
    /// bounds let it. wake() ends the wait: then read() continues it.
    result<> reach() {
        if (ended_ || content_) return {};
        if (auto begun = begin(); !begun) return begun;
        while (!judged_) {
            auto const piece = advance(steady_time::max());
            if (!piece) {
                content_.reset();
                client_.drop();
                return in_context(here_.text, piece.error());
            }
            if (!*piece) break;
        }
        return {};
    }

    /// One step. @return new bytes of the content, none of them after a step without any, nothing at `until` or wake().
    result<std::optional<std::string_view>> advance(steady_time until) {
        auto const piece = content_->next();
        if (!piece) return piece.error();
        if (!piece->empty()) return pass(*piece);
        if (content_->finished()) return end();
        if (!judged_) return judge(until);
        auto const bytes = client_.read(until);
        if (!bytes) return bytes.error();
        if (!*bytes) return std::nullopt;
        if ((*bytes)->empty())
            content_->end();
        else
            content_->feed(**bytes);
        return std::string_view{};
    }

    result<std::optional<std::string_view>> judge(steady_time until) {
        auto const head = client_.head(until);
        if (!head) return head.error();
        if (!*head) return std::nullopt;
        if (auto good = content_->judge(**head); !good) return good.error();
        if (auto const& location = content_->location()) {
            if (auto followed = follow(std::string{*location}); !followed) return followed.error();
        } else {
            judged_ = true;
            begin_content();
        }
        return std::string_view{};
    }

    result<std::optional<std::string_view>> pass(std::string_view piece) {
        auto const fresh = history_.pass(piece);
        if (!fresh) return fresh.error();
        if (!fresh->empty()) {
            attempts_ = 0;
            retry_.worked();
        }
        return *fresh;
    }

    result<std::optional<std::string_view>> end() {
        if (auto whole = history_.finish(); !whole) return whole.error();
        ended_ = true;
        client_.drop();
        return std::string_view{};
    }

    result<> follow(std::string const& location) {
        if (++redirects_ > options_.redirects_max)
            return error{errc::rejected, fmt::format("more than {} redirects", options_.redirects_max)};
        auto to = net::redirect(here_, location);
        if (!to) return to.error();
        here_ = std::move(*to);
        return send();
    }

    void begin_content() {
        begun_ = true;
        resume_tag_ = content_->resume_tag();
        if (auto const total = content_->total_bytes()) bytes_total_.store(*total, std::memory_order_relaxed);
        if (content_->goes_on()) {
            history_.go_on();
        } else {
            history_.start_over();
        }
    }

    /// A cut download is retried; what failed from the start, or would fail the same way each time, is the caller's.
    result<> recover(error const& reason) {
        content_.reset();
        client_.drop();
        // Also after a failure that is not retried here: a caller that reads on all the same shall not hammer the
        // server.
        auto const now = steady_clock::now();
        auto const wait = std::chrono::duration_cast<std::chrono::milliseconds>(retry_.failed(now) - now);
        bool const may_pass = begun_ && (reason.code == errc::not_connected || reason.code == errc::timed_out);
        auto const failed = in_context(here_.text, reason);
        if (!may_pass) return failed;
        if (attempts_ >= options_.resumes_max) {
            attempts_ = 0;
            return in_context(fmt::format("no new byte in {} attempts", options_.resumes_max), failed);
        }
        ++attempts_;
        resumes_.fetch_add(1, std::memory_order_relaxed);
        log_warn("http_source: {}; resuming from byte {} in {} ms (attempt {} of {})", failed.message,
                 resume_tag_.empty() ? 0 : history_.given_bytes(), wait.count(), attempts_, options_.resumes_max);
        return {};
    }

    http_source_options options_;
    net::http_client client_{net::http_target{}};
    net::http_url url_;                    // as configured
    net::http_url here_;                   // where redirects have led
    int redirects_ = 0;                    // of this attempt
    std::optional<http_content> content_;  // of the request that is out
    bool judged_ = false;                  // content_ was accepted, and we know it
    content_history history_;
    std::string resume_tag_;
    bool begun_ = false;  // content was accepted once
    bool ended_ = false;
    int attempts_ = 0;  // in a row without a new byte
    retry_loop retry_{backoff_options{}, random_number};
    std::atomic<std::uint64_t> resumes_{0};
    std::atomic<std::uint64_t> bytes_total_{0};
};

}  // namespace

std::unique_ptr<source> make_http_source(http_source_options options) {
    auto lines = options.lines;
    auto origin = options.url;
    return lines::make_line_source(std::make_unique<http_input>(std::move(options)),
                                   {.lines = std::move(lines), .limits = {}, .origin = std::move(origin)});
}

}  // namespace logpipe::http
