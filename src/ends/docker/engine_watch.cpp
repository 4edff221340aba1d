#include "engine_watch.hpp"

#include "core/clean_text.hpp"
#include "core/thread.hpp"
#include "docker_metrics.hpp"
#include "engine_time.hpp"
#include "line_record.hpp"

#include <fmt/format.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <exception>
#include <utility>

namespace logpipe::docker {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using std::chrono::steady_clock;

namespace {

constexpr auto nothrow = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t response_bytes_max = std::size_t{32} << 20U;
constexpr std::size_t event_bytes_max = std::size_t{1} << 20U;
constexpr std::size_t event_read_bytes = 4096;
constexpr std::size_t read_bytes = std::size_t{64} << 10U;
constexpr std::size_t read_bytes_limited = 4096;
constexpr backoff_options patience{.first = 100ms, .longest = 5000ms};

void rethrow(std::exception_ptr const& failure) {
    if (failure) std::rethrow_exception(failure);
}

}  // namespace

engine_watch::engine_watch(docker_source_options const& options, line_inbox& inbox)
    : options_{options}, inbox_{inbox}, own_id_{own_container_id()} {}

engine_watch::~engine_watch() {
    stop();
}

result<> engine_watch::start() {
    return health_.wait_for_try([this]() -> result<> {
        if (thread_.joinable()) {
            asio::post(io_, [this] { pause_.cancel(); });
            return {};
        }
        auto const limit = options_.request_timeout;
        auto engine = net::make_http_target({.socket_path = options_.socket,
                                             .timeouts = {.connect = limit, .request = limit},
                                             .body_bytes_max = response_bytes_max});
        if (!engine) return engine.error();
        engine->name = fmt::format("the engine at {}", options_.socket);
        engine_.emplace(*std::move(engine));
        asio::co_spawn(io_, watch(), rethrow);
        thread_ = start_thread("docker-in", [this] { io_.run(); });
        return {};
    });
}

void engine_watch::stop() {
    if (!health_.cancel()) return;
    io_.stop();
    if (thread_.joinable()) thread_.join();
    inbox_.close();
}

void engine_watch::made_room() {
    asio::post(io_, [this] { room_.cancel(); });
}

void engine_watch::tried(std::optional<error> reason) {
    if (reason) {
        if (auto const count = trouble_.admit(); count != 0)
            log_warn("docker_source: {}; it will be retried ({} times)", reason->message, count);
        health_.down(*std::move(reason));
    } else if (health_.up()) {
        log_info("docker_source: the engine at {} has {} containers to follow", options_.socket, following_.size());
    }
}

asio::awaitable<void> engine_watch::watch() {
    backoff wait{patience};
    while (true) {
        auto const begun = steady_clock::now();
        auto reason = co_await watch_once();
        tried(std::move(reason));
        if (steady_clock::now() - begun > patience.longest) wait.reset();
        pause_.expires_after(wait.next());
        co_await pause_.async_wait(nothrow);
    }
}

error engine_watch::in_words(error failure) const {
    if (failure.code == errc::unauthorized)
        failure.message = fmt::format("may not open {}: run with the socket's group (compose: group_add), or as root",
                                      options_.socket);
    return failure;
}

/// The whole of a short response.
asio::awaitable<result<net::http_response>> engine_watch::get(std::string path) {
    net::http_connection connection{io_.get_executor(), *engine_};
    auto response = co_await connection.send({.path = path, .keep_alive = false});
    if (!response) co_return in_words(response.error());
    co_return response;
}

/// Events first, then the list: nothing that starts in between is missed.
asio::awaitable<error> engine_watch::watch_once() {
    net::http_connection events{io_.get_executor(), *engine_, event_read_bytes};
    auto const path = "/events?filters=" + event_filters(options_.labels);
    auto const head = co_await events.start({.path = path});
    if (!head) co_return in_words(head.error());
    if (head->status != 200)
        co_return error{errc::protocol, fmt::format("the engine answers {} when asked for its events", head->status)};
    if (auto listed = co_await list(); !listed) co_return listed.error();
    tried(std::nullopt);
    std::string text;
    while (true) {
        auto const piece = co_await events.read();
        if (!piece) co_return piece.error();
        if (piece->empty()) co_return error{errc::not_connected, "the engine's events have ended"};
        text.append(*piece);
        for (auto line_end = text.find('\n'); line_end != std::string::npos; line_end = text.find('\n')) {
            auto const event = parse_engine_event(std::string_view{text}.substr(0, line_end));
            if (!event) co_return event.error();
            take_event(*event);
            text.erase(0, line_end + 1);
        }
        if (text.size() > event_bytes_max) co_return error{errc::protocol, "the engine sends an event without end"};
    }
}

asio::awaitable<result<>> engine_watch::list() {
    auto const answer = co_await get("/containers/json?all=1&filters=" + list_filters(options_.labels));
    if (!answer) co_return answer.error();
    if (answer->status != 200)
        co_return error{errc::protocol, fmt::format("the engine answers {} when asked for its containers: {}",
                                                    answer->status, parse_engine_message(answer->body))};
    auto const ids = parse_container_list(answer->body);
    if (!ids) co_return ids.error();
    inbox_.keep_only(*ids);
    for (auto const& id : *ids) follow_if_new(id);
    co_return result<>{};
}

void engine_watch::take_event(engine_event const& event) {
    if (event.action == "destroy") inbox_.forget(event.id);
    if (event.action != "start") return;
    if (auto const known = following_.find(event.id); known != following_.end())
        known->second->started_again = true;
    else
        follow_if_new(event.id);
}

void engine_watch::follow_if_new(std::string const& id) {
    if (following_.contains(id)) return;
    auto const one = std::make_shared<followed>(followed{.id = id});
    following_.emplace(id, one);
    containers_ = following_.size();
    asio::co_spawn(io_, follow(one), rethrow);
}

asio::awaitable<void> engine_watch::follow(std::shared_ptr<followed> one) {
    auto const partition = inbox_.join(one->id);
    co_await follow_to_its_end(one, partition);
    ended_.forget(one->id);
    inbox_.leave(partition);
    following_.erase(one->id);
    containers_ = following_.size();
}

/// Until the container has stopped (a start makes an event) or is no more.
asio::awaitable<void> engine_watch::follow_to_its_end(std::shared_ptr<followed> one, std::uint32_t partition) {
    backoff wait{patience};
    while (true) {
        one->started_again = false;
        auto const info = co_await inspect(one->id);
        if (!info && info.error().code == errc::not_found) co_return;
        if (info) {
            auto const begun = steady_clock::now();
            auto const read = co_await read_log(*info, partition);
            if (steady_clock::now() - begun > patience.longest) wait.reset();
            if (!read && read.error().code == errc::rejected) {
                log_warn("docker_source: the log of {} cannot be read: {}", info->name, read.error().message);
                co_return;
            }
            if (!read) {
                ++cut_off_;
                if (auto const count = log_trouble_.admit(); count != 0)
                    log_info("docker_source: the log of {}: {}; it is read on ({} such lines)", info->name,
                             read.error().message, count);
                note_end(*info, read.error().message, begun);
            } else if (!one->started_again && co_await is_over(one, *info, begun)) {
                co_return;
            }
        }
        co_await sleep(wait.next());
    }
}

asio::awaitable<bool> engine_watch::is_over(std::shared_ptr<followed> one, container_info before, steady_time begun) {
    auto const now = co_await inspect(one->id);
    if (!now) co_return now.error().code == errc::not_found;
    if (one->started_again) co_return false;
    if (!now->running) co_return true;
    // The log of one run ends with it; a container that starts again and again has a log that is well.
    if (!now->restarting && now->started_at == before.started_at)
        note_end(before, "the engine closed it while the container runs", begun);
    co_return false;
}

void engine_watch::note_end(container_info const& of, std::string_view reason, steady_time begun) {
    if (ended_.ended(of.id, of.name, reason, begun, steady_clock::now()) == ended_logs::count_min)
        log_warn("docker_source: the log of {} ended {} times in a row: {}; it is read on each time", of.name,
                 ended_logs::count_min, reason);
}

asio::awaitable<result<container_info>> engine_watch::inspect(std::string id) {
    auto const answer = co_await get(fmt::format("/containers/{}/json", id));
    if (!answer) co_return answer.error();
    if (answer->status == 404) co_return error{errc::not_found, "no such container"};
    if (answer->status != 200)
        co_return error{errc::protocol, fmt::format("the engine answers {} when asked for a container: {}",
                                                    answer->status, parse_engine_message(answer->body))};
    co_return parse_container(answer->body);
}

bool engine_watch::is_limited(container_info const& info) const {
    auto const named = [&](std::string const& name) { return name == info.service || name == info.name; };
    return info.id == own_id_ || is_loki_image(info.image) || std::ranges::any_of(options_.limited_services, named);
}

/// @return errc::rejected where the engine has no log to read.
asio::awaitable<result<>> engine_watch::read_log(container_info info, std::uint32_t partition) {
    auto const place = inbox_.place_of(partition);
    auto path = fmt::format("/containers/{}/logs?follow=1&stdout=1&stderr=1&timestamps=1", info.id);
    if (auto const since = place.since_ns(); since != 0) path += "&since=" + since_text(since);
    net::http_connection log{io_.get_executor(), *engine_, is_limited(info) ? read_bytes_limited : read_bytes};
    auto const head = co_await log.start({.path = path});
    if (!head) co_return in_words(head.error());
    if (head->status != 200) {
        auto const body = co_await log.read_rest();
        auto const words = body ? parse_engine_message(*body) : std::string{};
        bool const no_reader = words.contains("does not support reading");
        co_return error{no_reader ? errc::rejected : errc::protocol,
                        fmt::format("the engine answers {}: {}", head->status, words)};
    }
    log_decoder decoder{{.terminal = info.terminal, .line_bytes_max = options_.line_bytes_max}};
    resume_filter filter{place};
    line_record record{info};
    std::size_t lines = 0;
    log_decoder::line_taker const take = [&](engine_line const& line) {
        if (!filter.is_new(line.stream, line.time_ns)) return;
        inbox_.add(partition, info.service, line, record.of(line));
        ++lines;
    };
    line_allowance allowance{options_.limited_lines_per_second, steady_clock::now()};
    while (true) {
        co_await wait_for_room(partition);
        auto const piece = co_await log.read();
        if (!piece) co_return piece.error();
        if (piece->empty()) break;
        lines = 0;
        auto const fed = decoder.feed(*piece, take);
        if (!fed) co_return fed.error();
        if (!is_limited(info)) continue;
        allowance.spend(static_cast<double>(lines), steady_clock::now());
        if (auto const time = allowance.wait(steady_clock::now()); time > 0ms) {
            ++throttled_reads_;
            co_await sleep(time);
        }
    }
    decoder.finish(take);
    co_return result<>{};
}

asio::awaitable<void> engine_watch::wait_for_room(std::uint32_t partition) {
    while (!inbox_.has_room(partition)) {
        // Bounded, because room may have been made just before we wait.
        room_.expires_after(100ms);
        co_await room_.async_wait(nothrow);
    }
}

asio::awaitable<void> engine_watch::sleep(std::chrono::milliseconds time) {
    asio::steady_timer timer{io_, time};
    co_await timer.async_wait(nothrow);
}

void engine_watch::describe(stage_status& into) const {
    into.metrics.emplace_back(metrics::containers_followed, containers_);
    into.metrics.emplace_back(metrics::logs_cut_off, cut_off_);
    into.metrics.emplace_back(metrics::throttled_reads, throttled_reads_);
    health_.describe(into);
    ended_.describe(into, steady_clock::now());
}

}  // namespace logpipe::docker
