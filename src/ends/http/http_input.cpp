// Lines from a web server. A download that is cut goes on where it was, or starts over and is compared.
#include "content_history.hpp"
#include "core/backoff.hpp"
#include "core/log.hpp"
#include "http/http.hpp"
#include "http_address.hpp"
#include "http_connection.hpp"
#include "http_content.hpp"
#include "lines/byte_input.hpp"
#include "lines/line_source.hpp"
#include "lines/lines.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <utility>

namespace logpipe::http {

namespace {

using std::chrono::steady_clock;

std::string request_text(http_address const& to, http_request_range const& range) {
    auto text =
        fmt::format("GET {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: logpipe\r\nAccept: */*\r\nConnection: close\r\n",
                    to.target, to.host_field);
    if (range.if_range.empty()) return text + "Accept-Encoding: gzip\r\n\r\n";
    // A range counts the bytes of one representation: the one without a coding.
    return text + fmt::format("Accept-Encoding: identity\r\nRange: bytes={}-\r\nIf-Range: {}\r\n\r\n",
                              range.begin_bytes, range.if_range);
}

class http_input final : public lines::byte_input {
  public:
    explicit http_input(http_source_options options)
        : options_{std::move(options)},
          connection_{{.ca_file = options_.ca_file,
                       .insecure_skip_verify = options_.insecure_skip_verify,
                       .connect_timeout = options_.connect_timeout,
                       .idle_timeout = options_.idle_timeout}} {}

    result<> open() override {
        auto parsed = parse_http_address(options_.url);
        if (!parsed) return parsed.error();
        address_ = std::move(*parsed);
        if (auto ready = connection_.set_up(); !ready) return ready;
        return reach();
    }

    result<std::optional<lines::input_piece>> read(steady_time until) override {
        while (!ended_) {
            if (!content_) {
                if (!connection_.wait(std::min(next_try_, until)) || steady_clock::now() < next_try_)
                    return std::nullopt;
                here_ = address_;
                redirects_ = 0;
                ask();
            }
            auto const piece = advance(until);
            if (!piece) {
                if (auto failed = survive(piece.error()); !failed) return failed.error();
                continue;
            }
            if (!*piece) return std::nullopt;
            if (!(*piece)->empty()) return lines::input_piece{.bytes = **piece};
        }
        return lines::input_piece{.bytes = {}, .end = true};
    }

    bool repeatable() const override { return true; }
    void wake() override { connection_.wake(); }

    stage_status status() const override {
        stage_status status;
        status.name = "http_source";
        status.retries = resumes_.load(std::memory_order_relaxed);
        auto const total = bytes_total_.load(std::memory_order_relaxed);
        if (total > 0) status.gauges.emplace_back("source_size_bytes", total);
        return status;
    }

  private:
    void ask() {
        http_request_range range;
        if (!resume_tag_.empty()) range = {.begin_bytes = history_.given_bytes(), .if_range = resume_tag_};
        content_.emplace(range);
        judged_ = false;
        connection_.start(here_, request_text(here_, range));
    }

    /// Asks, and waits until the server has accepted or refused, for as long as the connection's own bounds let it.
    /// wake() ends the waiting: then read() goes on with it.
    result<> reach() {
        if (ended_ || content_) return {};
        here_ = address_;
        redirects_ = 0;
        ask();
        while (!judged_) {
            auto const piece = advance(steady_time::max());
            if (!piece) {
                content_.reset();
                connection_.close();
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
        auto const bytes = connection_.receive(until);
        if (!bytes) return bytes.error();
        if (!*bytes) return std::nullopt;
        auto const fed = (*bytes)->empty() ? content_->end_of_connection() : content_->feed(**bytes);
        if (!fed) return fed.error();
        if (auto const& location = content_->location()) {
            if (auto followed = follow(std::string{*location}); !followed) return followed.error();
        } else if (content_->accepted() && !std::exchange(judged_, true)) {
            begin_content();
        }
        return std::string_view{};
    }

    result<std::optional<std::string_view>> pass(std::string_view piece) {
        auto const fresh = history_.pass(piece);
        if (!fresh) return fresh.error();
        if (!fresh->empty()) {
            tries_ = 0;
            wait_.reset();
        }
        return *fresh;
    }

    result<std::optional<std::string_view>> end() {
        if (auto whole = history_.finish(); !whole) return whole.error();
        ended_ = true;
        connection_.close();
        return std::string_view{};
    }

    result<> follow(std::string const& location) {
        if (++redirects_ > options_.redirects_max)
            return error{errc::rejected, fmt::format("more than {} redirects", options_.redirects_max)};
        auto to = redirect(here_, location);
        if (!to) return to.error();
        here_ = std::move(*to);
        ask();
        return {};
    }

    void begin_content() {
        begun_ = true;
        resume_tag_ = content_->resume_tag();
        if (auto const total = content_->total_bytes())
            bytes_total_.store(static_cast<double>(*total), std::memory_order_relaxed);
        if (content_->goes_on()) {
            history_.go_on();
        } else {
            history_.start_over();
        }
    }

    /// A cut download is tried again; what failed from the start, or would fail the same way again, is the caller's.
    result<> survive(error const& why) {
        content_.reset();
        connection_.close();
        // Also after a failure that is not ours to survive: whoever reads on all the same shall not hammer the server.
        auto const wait = wait_.next();
        next_try_ = steady_clock::now() + wait;
        bool const may_pass = begun_ && (why.code == errc::not_connected || why.code == errc::timed_out);
        auto const failed = in_context(here_.text, why);
        if (!may_pass) return failed;
        if (tries_ >= options_.resumes_max) {
            tries_ = 0;
            return in_context(fmt::format("gave up after {} tries without a new byte", options_.resumes_max), failed);
        }
        ++tries_;
        resumes_.fetch_add(1, std::memory_order_relaxed);
        log_warn("http_source: {}; trying again from byte {} in {} ms (try {} of {})", failed.message,
                 resume_tag_.empty() ? 0 : history_.given_bytes(), wait.count(), tries_, options_.resumes_max);
        return {};
    }

    http_source_options options_;
    http_connection connection_;
    http_address address_;                 // as configured
    http_address here_;                    // where redirects have led
    int redirects_ = 0;                    // of this try
    std::optional<http_content> content_;  // of the request that is out
    bool judged_ = false;                  // content_ was accepted, and we know it
    content_history history_;
    std::string resume_tag_;
    bool begun_ = false;  // content was accepted once
    bool ended_ = false;
    int tries_ = 0;  // in a row without a new byte
    steady_time next_try_{};
    backoff wait_;
    std::atomic<std::uint64_t> resumes_{0};
    std::atomic<double> bytes_total_{0};
};

}  // namespace

std::unique_ptr<source> make_http_source(http_source_options options) {
    auto lines = options.lines;
    auto origin = options.url;
    return lines::make_line_source(std::make_unique<http_input>(std::move(options)),
                                   {.lines = std::move(lines), .limits = {}, .origin = std::move(origin)});
}

}  // namespace logpipe::http
