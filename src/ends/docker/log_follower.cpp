#include "log_follower.hpp"

#include "core/environment.hpp"
#include "core/retry_loop.hpp"
#include "docker_metrics.hpp"
#include "engine_time.hpp"
#include "line_record.hpp"

#include <fmt/format.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <utility>

namespace logpipe::docker {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using std::chrono::steady_clock;

namespace {

constexpr auto nothrow = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t read_bytes = std::size_t{64} << 10U;
constexpr std::size_t read_bytes_limited = 4096;
constexpr std::chrono::milliseconds room_wait_max{100};

}  // namespace

asio::awaitable<void> log_follower::follow(engine_client& engine, std::shared_ptr<followed_container> one) {
    auto const partition = inbox_.join(one->id);
    co_await follow_to_its_end(engine, one, partition);
    ended_.forget(one->id);
    inbox_.leave(partition);
}

asio::awaitable<void> log_follower::follow_to_its_end(engine_client& engine, std::shared_ptr<followed_container> one,
                                                      std::uint32_t partition) {
    retry_loop retry{engine_retry_pace, random_number};
    while (true) {
        one->restarted = false;
        auto const info = co_await engine.inspect(one->id);
        if (!info && info.error().code == errc::not_found) co_return;
        if (info) {
            auto const begun = steady_clock::now();
            auto const read = co_await read_log(engine, *info, partition);
            if (steady_clock::now() - begun > engine_retry_pace.longest) retry.worked();
            if (!read && read.error().code == errc::rejected) {
                log_warn("docker_source: the log of {} cannot be read: {}", info->name, read.error().message);
                co_return;
            }
            if (!read) {
                ++cut_off_;
                if (auto const count = trouble_.admit(); count != 0)
                    log_info("docker_source: the log of {} was cut off: {}; reading resumes ({} such lines)",
                             info->name, read.error().message, count);
                note_end(*info, read.error().message, begun);
            } else if (!one->restarted && co_await is_over(engine, one, *info, begun)) {
                co_return;
            }
        }
        auto const now = steady_clock::now();
        co_await sleep(std::chrono::duration_cast<std::chrono::milliseconds>(retry.failed(now) - now));
    }
}

asio::awaitable<bool> log_follower::is_over(engine_client& engine, std::shared_ptr<followed_container> one,
                                            container_info before, steady_time begun) {
    auto const now = co_await engine.inspect(one->id);
    if (!now) co_return now.error().code == errc::not_found;
    if (one->restarted) co_return false;
    if (!now->running) co_return true;
    // The log of one run ends with it; a container that restarts repeatedly has a log that is well.
    if (!now->restarting && now->started_at == before.started_at)
        note_end(before, "the engine closed it while the container runs", begun);
    co_return false;
}

void log_follower::note_end(container_info const& of, std::string_view reason, steady_time begun) {
    if (ended_.ended(of.id, of.name, reason, begun, steady_clock::now()) == ended_logs::count_min)
        log_warn("docker_source: the log of {} ended {} times in a row: {}; reading resumes each time", of.name,
                 ended_logs::count_min, reason);
}

bool log_follower::is_limited(container_info const& info) const {
    auto const named = [&](std::string const& name) { return name == info.service || name == info.name; };
    return info.id == own_id_ || is_loki_image(info.image) || std::ranges::any_of(options_.limited_services, named);
}

/// @return errc::rejected where the engine has no log to read.
asio::awaitable<result<>> log_follower::read_log(engine_client& engine, container_info info, std::uint32_t partition) {
    auto const position = inbox_.position_of(partition);
    bool const limited = is_limited(info);
    auto path = fmt::format("/containers/{}/logs?follow=1&stdout=1&stderr=1&timestamps=1", info.id);
    if (auto const since = position.since_ns(); since != 0) path += "&since=" + since_text(since);
    auto const log = co_await engine.start(std::move(path), limited ? read_bytes_limited : read_bytes);
    if (!log) co_return log.error();
    log_decoder decoder{{.terminal = info.terminal, .line_bytes_max = options_.line_bytes_max}};
    resume_filter filter{position};
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
        auto const piece = co_await (*log)->read();
        if (!piece) co_return piece.error();
        if (piece->empty()) break;
        lines = 0;
        auto const fed = decoder.feed(*piece, take);
        if (!fed) co_return fed.error();
        if (!limited) continue;
        allowance.spend(static_cast<double>(lines), steady_clock::now());
        if (auto const time = allowance.wait(steady_clock::now()); time > 0ms) {
            ++throttled_reads_;
            co_await sleep(time);
        }
    }
    decoder.finish(take);
    co_return result<>{};
}

asio::awaitable<void> log_follower::wait_for_room(std::uint32_t partition) {
    while (!inbox_.has_room(partition)) {
        // Bounded, because room may have been made just before we wait.
        room_.expires_after(room_wait_max);
        co_await room_.async_wait(nothrow);
    }
}

asio::awaitable<void> log_follower::sleep(std::chrono::milliseconds time) {
    asio::steady_timer timer{room_.get_executor(), time};
    co_await timer.async_wait(nothrow);
}

void log_follower::describe(stage_status& into) const {
    into.metrics.emplace_back(metrics::logs_cut_off, cut_off_);
    into.metrics.emplace_back(metrics::throttled_reads, throttled_reads_);
    ended_.describe(into, steady_clock::now());
}

}  // namespace logpipe::docker
