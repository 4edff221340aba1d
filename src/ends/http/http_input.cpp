// Lines from a web server. A download that is cut resumes where it was, or starts over and is compared.
#include "content_history.hpp"
#include "core/environment.hpp"
#include "core/file.hpp"
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
#include <ranges>
#include <utility>
#include <vector>

namespace logpipe::http {

namespace {

using std::chrono::steady_clock;

constexpr std::size_t header_file_bytes_max = std::size_t{64} << 10U;

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view blanks = " \t\r";
    auto const begin = text.find_first_not_of(blanks);
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(blanks) + 1 - begin);
}

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
        if (auto read = read_headers(); !read) return read;
        return reach();
    }

    result<std::optional<lines::input_piece>> read(steady_time until) override {
        while (!ended_) {
            if (!content_) {
                auto const due = std::max(retry_.due(), not_before_);
                if (!client_.wait(std::min(due, until)) || steady_clock::now() < due) return std::nullopt;
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
        if (!target) return target;
        target->name.clear();  // our errors name the whole URL
        // A redirect to another server does not take them along.
        bool const is_same = url.server.host == url_.server.host && url.server.port == url_.server.port;
        if (!is_same || url.tls != url_.tls) return target;
        for (auto const& [name, value] : headers_)
            if (auto added = net::add_field(*target, name, value); !added) return in_context(name, added.error());
        if (auto added = net::add_login(*target, options_.username, options_.password); !added) return added.error();
        if (options_.token.empty()) return target;
        if (auto added = net::add_field(*target, "Authorization", "Bearer " + options_.token); !added)
            return in_context("--url-token-file", added.error());
        return target;
    }

    result<> read_headers() {
        if (options_.header_file.empty()) return {};
        auto const text = read_file(system_files(), options_.header_file, header_file_bytes_max);
        if (!text) return in_context("--url-header-file", text.error());
        headers_.clear();
        for (auto const line : std::views::split(*text, '\n')) {
            auto const field = trimmed(std::string_view{line});
            if (field.empty() || field.starts_with('#')) continue;
            auto const colon = field.find(':');
            if (colon == 0 || colon == std::string_view::npos || field.substr(0, colon).contains(' '))
                return error{
                    errc::invalid_argument,
                    fmt::format("--url-header-file: {} has a line that is not \"Name: value\"", options_.header_file)};
            headers_.emplace_back(field.substr(0, colon), trimmed(field.substr(colon + 1)));
        }
        return {};
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
            if (!piece) return recover(piece.error());
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
        auto const retry_after = content_ ? content_->retry_after() : std::nullopt;
        content_.reset();
        client_.drop();
        // Also after a failure that is not retried here: a caller that reads on all the same shall not hammer the
        // server.
        auto const now = steady_clock::now();
        auto wait = std::chrono::duration_cast<std::chrono::milliseconds>(retry_.failed(now) - now);
        if (retry_after && *retry_after > options_.retry_after_max)
            return in_context(here_.text, error{reason.code, fmt::format("{}; it wants to be left alone for {} s",
                                                                         reason.message, retry_after->count())});
        if (retry_after) wait = std::max<std::chrono::milliseconds>(wait, *retry_after);
        not_before_ = now + wait;
        bool const may_pass =
            (begun_ || retry_after) && (reason.code == errc::not_connected || reason.code == errc::timed_out);
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
    std::vector<std::pair<std::string, std::string>> headers_;
    steady_time not_before_;  // when a busy server may be asked again
    bool begun_ = false;      // content was accepted once
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
