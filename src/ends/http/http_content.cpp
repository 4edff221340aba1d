#include "http_content.hpp"

#include "core/clean_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <ctime>
#include <utility>

namespace logpipe::http {

namespace {

constexpr std::size_t piece_bytes_max = std::size_t{256} << 10U;

bool is_redirect(unsigned status) noexcept {
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

error status_error(net::http_head const& head) {
    auto const message = clean_line(fmt::format("the server responded with status {} {}", head.status, head.reason));
    switch (head.status) {
        case 401:
        case 403:
        case 407:
            return error{errc::unauthorized, message};
        case 404:
        case 410:
            return error{errc::not_found, message};
        case 408:
        case 429:
            return error{errc::not_connected, message};
        default:
            // A server's own trouble may pass, ours with it will not.
            return error{head.status >= 500 ? errc::not_connected : errc::rejected, message};
    }
}

bool equal(std::string_view a, std::string_view b) noexcept {
    auto const lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
    return std::ranges::equal(a, b, {}, lower, lower);
}

}  // namespace

std::optional<std::chrono::seconds> read_retry_after(std::string_view field, std::int64_t now_s) {
    std::int64_t seconds = 0;
    auto const [end, bad] = std::from_chars(field.data(), field.data() + field.size(), seconds);
    if (bad == std::errc{} && end == field.data() + field.size() && seconds >= 0) return std::chrono::seconds{seconds};
    std::tm date{};
    std::string const text{field};
    auto const* const rest = ::strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &date);
    if (rest == nullptr || *rest != '\0') return std::nullopt;
    return std::chrono::seconds{std::max<std::int64_t>(0, ::timegm(&date) - now_s)};
}

void http_content::feed(std::string_view bytes) {
    if (accepted_ && !nothing_left_) body_.append(bytes);  // else it is a redirect's or an error's own page
}

result<> http_content::judge(net::http_head const& head) {
    ends_with_connection_ = head.ends_with_connection;
    if (auto const location = head.field("Location"); is_redirect(head.status) && !location.empty()) {
        location_ = location;
        return {};
    }
    if (head.status == 429 || head.status == 503)
        retry_after_ = read_retry_after(head.field("Retry-After"), std::time(nullptr));
    bool const ranged = !request_.if_range.empty();
    if (head.status != 200 && !(ranged && (head.status == 206 || head.status == 416))) return status_error(head);
    if (head.status != 200)
        if (auto judged = judge_range(head); !judged) return judged;
    if (auto judged = judge_coding(head); !judged) return judged;
    auto const type = head.field("Content-Type");
    if (!nothing_left_ && (equal(type.substr(0, 9), "text/html") || equal(type.substr(0, 21), "application/xhtml+xml")))
        return error{errc::rejected, "the server responded with an HTML page instead of lines"};
    accepted_ = true;
    return {};
}

result<> http_content::judge_range(net::http_head const& head) {
    auto const range = head.field("Content-Range");
    goes_on_ = true;
    if (head.status == 416) {
        nothing_left_ = range == fmt::format("bytes */{}", request_.begin_bytes);
        if (nothing_left_) return {};
        return error{errc::rejected,
                     fmt::format("the content changed while it was read: nothing stands at byte {} any more",
                                 request_.begin_bytes)};
    }
    if (range.starts_with(fmt::format("bytes {}-", request_.begin_bytes))) return {};
    return error{errc::protocol,
                 fmt::format("the server responded with another range, \"{}\", than was requested", clean_line(range))};
}

result<> http_content::judge_coding(net::http_head const& head) {
    auto const coding = head.field("Content-Encoding");
    bool const gzipped = equal(coding, "gzip") || equal(coding, "x-gzip");
    if (!gzipped && !coding.empty() && !equal(coding, "identity"))
        return error{errc::rejected,
                     fmt::format("the content's coding \"{}\" is not known; gzip is", clean_line(coding))};
    if (gzipped) {
        // Bytes of the compressed form are not those that were counted.
        if (goes_on_) return error{errc::protocol, "the server responded with a range of another coding"};
        inflater_.emplace();
        return {};
    }
    if (head.content_bytes) total_bytes_ = *head.content_bytes + (goes_on_ ? request_.begin_bytes : 0);
    // A weak ETag (W/"…") only promises the same meaning, not the same bytes (RFC 9110 section 8.8.1).
    auto const tag = head.field("ETag");
    if (tag.starts_with('"') && !equal(head.field("Accept-Ranges"), "none")) resume_tag_ = tag;
    return {};
}

result<std::string_view> http_content::next() {
    given_.clear();
    if (!accepted_ || nothing_left_) return std::string_view{};
    if (!inflater_) {
        std::swap(given_, body_);
    } else {
        auto input = std::string_view{body_}.substr(body_done_);
        if (auto inflated = inflater_->inflate(input, given_, piece_bytes_max); !inflated) return inflated.error();
        drained_ = given_.size() < piece_bytes_max;
        body_done_ = body_.size() - input.size();
        if (input.empty()) {
            body_.clear();
            body_done_ = 0;
        }
        if (finished() && !inflater_->at_end()) {
            auto const reason = "the gzip content ends in the middle";
            return error{ends_with_connection_ ? errc::not_connected : errc::corrupt, reason};
        }
    }
    if (looking_ && !goes_on_)
        if (auto lines = check_for_page(given_); !lines) return lines.error();
    return std::string_view{given_};
}

bool http_content::finished() const noexcept {
    return accepted_ && (nothing_left_ || (complete_ && body_.empty() && drained_));
}

result<> http_content::check_for_page(std::string_view piece) {
    auto const first = piece.find_first_not_of(" \t\r\n\xef\xbb\xbf");
    if (first == std::string_view::npos) return {};
    looking_ = false;
    if (piece[first] != '<') return {};
    return error{errc::rejected, "the server responded with a page (it begins with \"<\") instead of lines"};
}

}  // namespace logpipe::http
