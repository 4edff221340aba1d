#include "engine_watch.hpp"

#include "core/environment.hpp"
#include "core/retry_loop.hpp"
#include "core/thread.hpp"
#include "docker_metrics.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <exception>
#include <utility>

namespace logpipe::docker {

namespace asio = boost::asio;
using std::chrono::steady_clock;

namespace {

constexpr auto nothrow = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t event_bytes_max = std::size_t{1} << 20U;
constexpr std::size_t event_read_bytes = 4096;

void rethrow(std::exception_ptr const& failure) {
    if (failure) std::rethrow_exception(failure);
}

}  // namespace

engine_watch::engine_watch(docker_source_options const& options, line_inbox& inbox)
    : options_{options}, inbox_{inbox}, logs_{io_, options, inbox} {}

engine_watch::~engine_watch() {
    stop();
}

result<> engine_watch::start() {
    return health_.wait_for_try([this] { return begin(); });
}

result<> engine_watch::begin() {
    if (thread_.joinable()) {
        asio::post(io_, [this] { pause_.cancel(); });
        return {};
    }
    auto engine = engine_client::make(options_, io_.get_executor());
    if (!engine) return engine.error();
    engine_.emplace(*std::move(engine));
    asio::co_spawn(io_, watch(), rethrow);
    thread_ = start_thread("docker-in", [this] { io_.run(); });
    return {};
}

void engine_watch::stop() {
    if (!health_.cancel()) return;
    io_.stop();
    if (thread_.joinable()) thread_.join();
    inbox_.close();
}

void engine_watch::made_room() {
    asio::post(io_, [this] { logs_.made_room(); });
}

void engine_watch::failed(error reason) {
    if (auto const count = trouble_.admit(); count != 0)
        log_warn("docker_source: {}; it will be retried ({} times)", reason.message, count);
    health_.down(std::move(reason));
}

void engine_watch::recovered() {
    if (health_.up())
        log_info("docker_source: the engine at {} has {} containers to follow", options_.socket, following_.size());
}

asio::awaitable<void> engine_watch::watch() {
    retry_loop retry{engine_retry_pace, random_number};
    while (true) {
        auto const begun = steady_clock::now();
        failed(co_await watch_once());
        auto const now = steady_clock::now();
        if (now - begun > engine_retry_pace.longest) retry.worked();
        pause_.expires_at(retry.failed(now));
        co_await pause_.async_wait(nothrow);
    }
}

/// Events first, then the list: nothing that starts in between is missed.
asio::awaitable<error> engine_watch::watch_once() {
    auto const events = co_await engine_->start("/events?filters=" + event_filters(options_.labels), event_read_bytes);
    if (!events) co_return events.error();
    auto const ids = co_await engine_->list(options_.labels);
    if (!ids) co_return ids.error();
    inbox_.keep_only(*ids);
    for (auto const& id : *ids) follow_if_new(id);
    recovered();
    std::string text;
    while (true) {
        auto const piece = co_await (*events)->read();
        if (!piece) co_return piece.error();
        if (piece->empty()) co_return error{errc::not_connected, "the engine's events have ended"};
        text.append(*piece);
        if (auto taken = take_events(text); !taken) co_return taken.error();
        if (text.size() > event_bytes_max) co_return error{errc::protocol, "the engine sends an event without end"};
    }
}

/// The events that are complete, which are gone from `text` then.
result<> engine_watch::take_events(std::string& text) {
    for (auto line_end = text.find('\n'); line_end != std::string::npos; line_end = text.find('\n')) {
        auto const event = parse_engine_event(std::string_view{text}.substr(0, line_end));
        if (!event) return event.error();
        take_event(*event);
        text.erase(0, line_end + 1);
    }
    return {};
}

void engine_watch::take_event(engine_event const& event) {
    if (event.action == "destroy") inbox_.forget(event.id);
    if (event.action != "start") return;
    if (auto const known = following_.find(event.id); known != following_.end())
        known->second->restarted = true;
    else
        follow_if_new(event.id);
}

void engine_watch::follow_if_new(std::string const& id) {
    if (following_.contains(id)) return;
    auto const one = std::make_shared<followed_container>(followed_container{.id = id});
    following_.emplace(id, one);
    containers_ = following_.size();
    asio::co_spawn(io_, follow(one), rethrow);
}

asio::awaitable<void> engine_watch::follow(std::shared_ptr<followed_container> one) {
    co_await logs_.follow(*engine_, one);
    following_.erase(one->id);
    containers_ = following_.size();
}

void engine_watch::describe(stage_status& into) const {
    health_.describe(into);
    into.metrics.emplace_back(metrics::containers_followed, containers_);
    logs_.describe(into);
}

}  // namespace logpipe::docker
