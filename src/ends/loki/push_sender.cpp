#include "push_sender.hpp"

#include "codec/gzip.hpp"
#include "core/clean_text.hpp"
#include "core/environment.hpp"
#include "core/secrets.hpp"
#include "loki_metrics.hpp"

#include <fmt/format.h>

#include <utility>

namespace logpipe::loki {

namespace {

using std::chrono::steady_clock;

constexpr std::size_t shown_bytes_max = 300;

}  // namespace

result<std::vector<net::http_target>> targets_of(loki_sink_options const& options) {
    auto targets = net::make_http_targets(options, 3100);
    if (!targets) return targets;
    for (auto& each : *targets) {
        if (!options.tenant.empty())
            if (auto added = net::add_field(each, "X-Scope-OrgID", options.tenant); !added) return added.error();
        if (auto added = net::add_login(each, options.username, options.password); !added) return added.error();
    }
    return targets;
}

push_sender::push_sender(loki_sink_options const& options)
    : options_{options},
      streams_{options.streams_max},
      request_{streams_, options.structured_metadata},
      lanes_{options.push_bytes_max, [this](auto const& one) -> auto& { return stream_of(one); }},
      retry_{backoff_options{}, random_number} {}

result<> push_sender::open() {
    auto targets = targets_of(options_);
    if (!targets) return targets.error();
    hosts_.emplace("loki_sink", net::names_of(*targets));
    for (auto& each : *targets) clients_.emplace_back(std::move(each));
    return {};
}

result<> push_sender::reload() {
    auto options = options_;
    if (!options.password_file.empty()) {
        auto password = read_secret(options.password_file);
        if (!password) return password.error();
        options.password = *std::move(password);
    }
    auto targets = targets_of(options);
    if (!targets) return targets.error();
    for (std::size_t i = 0; i < clients_.size(); ++i) clients_[i].use(std::move((*targets)[i]));
    return {};
}

void push_sender::cancel() {
    for (auto& each : clients_) each.cancel();
}

void push_sender::add(batch&& events, std::size_t bytes) {
    lanes_.add(std::move(events), bytes, steady_clock::now());
}

std::string const& push_sender::stream_of(push_lanes::line const& one) {
    auto const& events = one.in->events;
    return request_.stream_of(reader_.read(events.payload(*one.row), events.tags[one.row->tag]), steady_clock::now());
}

std::string push_sender::encode(std::span<push_lanes::line const> lines) {
    auto const now = steady_clock::now();
    merged_in_request_ = 0;
    for (auto const& [in, row] : lines) {
        auto const entry = reader_.read(in->events.payload(*row), in->events.tags[row->tag]);
        if (!request_.add(entry, row->time_ns, now)) ++merged_in_request_;
    }
    counts_.streams = streams_.count();
    return codec::gzip(request_.finish());
}

push_sender::wait push_sender::send_due() {
    auto* const by = lanes_.next_due(steady_clock::now());
    if (by == nullptr) return std::nullopt;
    auto const lines = lanes_.next_request(*by);
    auto const body = encode(lines);
    auto const response = push(body);
    if (!response) return failed(response.error());
    if (outcome_of(response->status) == push_outcome::taken) counts_.bytes_out += body.size();
    return decide(*by, lines.size(), *response);
}

/// A connection that Loki has closed meanwhile is replaced, and where a host fails another one gets the body: lines
/// that arrive twice are one to Loki.
result<net::http_response> push_sender::push(std::string const& body) {
    for (std::size_t tries = 1;; ++tries) {
        auto const host = hosts_->next(steady_clock::now());
        auto& client = clients_[host];
        auto response = client.send({.method = "POST", .path = "/loki/api/v1/push", .body = body, .compressed = true});
        ++counts_.pushes;
        if (!response && response.error().code == errc::cancelled) return response;
        auto const now = steady_clock::now();
        auto const failure = net::host_failure(response, client.server_name());
        if (!failure) hosts_->responded(host, now);
        if (!failure || !hosts_->failed(host, *failure, now) || tries == hosts_->count()) return response;
        ++counts_.retries;
    }
}

push_sender::wait push_sender::decide(push_lanes::lane& by, std::size_t count, net::http_response const& response) {
    auto const words = clean_line(std::string_view{response.body}.substr(0, shown_bytes_max));
    auto reason = fmt::format("{} responds with status {}: {}", options_.address, response.status, words);
    auto const now = steady_clock::now();
    switch (outcome_of(response.status)) {
        case push_outcome::taken:
            counts_.merged += merged_in_request_;
            lanes_.taken(by, count, now);
            break;
        case push_outcome::rejected:
            reject(by, count, response.body, words);
            break;
        case push_outcome::too_large: {
            auto const stream = by.stream;
            if (!lanes_.too_large(by, count, now)) drop({.reason = drop_reason::line_too_long}, stream, words);
            break;
        }
        case push_outcome::throttled:
            return throttle(by, count, response.body, std::move(reason));
        case push_outcome::retry:
            return failed({errc::timed_out, std::move(reason)});
        case push_outcome::unauthorized:
            return failed({errc::unauthorized, std::move(reason)});
        case push_outcome::paused:
            return failed({errc::protocol, std::move(reason)});
    }
    recovered();
    return std::nullopt;
}

/// Loki's response does not say of which lines it is, and of which streams only in words; so each stream is sent alone.
void push_sender::reject(push_lanes::lane& by, std::size_t count, std::string_view body, std::string_view words) {
    auto const now = steady_clock::now();
    auto* const one = lanes_.isolate(by, count, now);
    if (one == nullptr) {
        ++counts_.splits;
        return;
    }
    drop(read_rejection(body), one->stream, words);
    lanes_.rejected(*one, count, now);
}

push_sender::wait push_sender::throttle(push_lanes::lane& by, std::size_t count, std::string_view body,
                                        std::string reason) {
    if (is_of_all_streams(body)) {
        push_lanes::send_fewer(by, count);
        return failed({errc::too_large, std::move(reason)});
    }
    recovered();
    auto const now = steady_clock::now();
    auto* const one = lanes_.isolate(by, count, now);
    if (one == nullptr) {
        ++counts_.splits;
        return std::nullopt;
    }
    ++counts_.retries;
    if (auto const times = throttled_log_.admit(); times != 0)
        log_warn("loki_sink: {}; the lines of stream {} will be retried, other streams continue ({} times)", reason,
                 one->stream, times);
    lanes_.throttle(*one, count, std::move(reason), now);
    return std::nullopt;
}

void push_sender::drop(push_rejection const& what, std::string_view stream, std::string_view words) {
    auto const reason = static_cast<std::size_t>(what.reason);
    counts_.dropped[reason] += what.lines;
    if (auto const count = dropped_log_.admit(); count != 0)
        log_warn("loki_sink: lines rejected by Loki ({}) are dropped: {}{}{} ({} such responses)",
                 drop_reason_names[reason], stream, stream.empty() ? "" : ": ", words, count);
}

push_sender::wait push_sender::failed(error reason) {
    if (reason.code == errc::cancelled) return std::nullopt;
    ++counts_.retries;
    if (auto const count = trouble_.admit(); count != 0)
        log_warn("loki_sink: {}; it will be retried ({} times)", reason.message, count);
    health_.down(std::move(reason));
    return retry_.failed(steady_clock::now());
}

void push_sender::recovered() {
    retry_.worked();
    if (health_.up()) log_info("loki_sink: {} accepts lines; it has recovered", options_.address);
}

void push_sender::describe(stage_status& into) const {
    health_.describe(into);
    into.retries = counts_.retries;
    into.metrics.emplace_back(metrics::streams, counts_.streams);
    into.metrics.emplace_back(metrics::pushes, counts_.pushes);
    into.metrics.emplace_back(metrics::bytes_out, counts_.bytes_out);
    into.metrics.emplace_back(metrics::lines_merged, counts_.merged);
    into.metrics.emplace_back(metrics::requests_split, counts_.splits);
    for (std::size_t i = 0; i < counts_.dropped.size(); ++i)
        into.metrics.emplace_back(metrics::lines_dropped[i], counts_.dropped[i]);
    if (hosts_) return hosts_->describe(into);
    into.metrics.emplace_back(net::hosts_up, 0);  // before open()
    into.metrics.emplace_back(net::hosts_down, 0);
}

}  // namespace logpipe::loki
