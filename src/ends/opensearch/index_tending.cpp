#include "index_tending.hpp"

#include "index_retention.hpp"
#include "server_requests.hpp"

#include "core/clock.hpp"
#include "core/log.hpp"
#include "core/thread.hpp"

#include <chrono>
#include <utility>

namespace logpipe::opensearch {

namespace {

using namespace std::chrono_literals;

constexpr auto tend_pause = 10min;

}  // namespace

index_tending::index_tending(net::http_target first, index_tending_options options)
    : options_{std::move(options)}, client_{std::move(first)}, thread_{start_thread("os-tend", [this] { run(); })} {}

index_tending::~index_tending() {
    stopped_ = true;
    client_.cancel();
    thread_.join();
}

void index_tending::run() {
    while (!stopped_) {
        auto const done = tend();
        if (!done && !stopped_ && !failed_)
            log_warn("opensearch_sink: the next index, and those that have expired: {}; tried again every {} minutes",
                     done.error().message, tend_pause / 1min);
        failed_ = !done;
        static_cast<void>(client_.wait(std::chrono::steady_clock::now() + tend_pause));
    }
}

result<> index_tending::tend() {
    auto targets = options_.targets();
    if (!targets) return targets.error();
    client_.use(std::move(targets->front()));
    targets->erase(targets->begin());
    if (auto chosen = choose_server(client_, *std::move(targets)); !chosen) return chosen;
    auto made = make_next();
    // A right that one needs the other may have.
    auto deleted = options_.age_max_ns != 0 ? delete_expired() : result<>{};
    return made ? deleted : made;
}

/// An index that its first document makes at midnight makes all writers wait for it.
result<> index_tending::make_next() {
    auto const today = std::chrono::floor<std::chrono::days>(
        std::chrono::sys_time<std::chrono::nanoseconds>{std::chrono::nanoseconds{now_ns()}});
    auto const next = options_.pattern.period_of(today + std::chrono::days{1});
    if (next == options_.pattern.period_of(today)) return {};
    for (auto const& tag : options_.tags) {
        auto const name = options_.pattern.name(next.begin, tag);
        if (made_.contains(name)) continue;
        auto const made = fetch_body(client_, {.method = "PUT", .path = "/" + encode_path_part(name)});
        bool const is_there = !made && made.error().message.contains("resource_already_exists_exception");
        if (!made && !is_there) return made.error();
        if (made) log_info("opensearch_sink: made index {}", name);
        made_.insert(name);
    }
    return {};
}

result<> index_tending::delete_expired() {
    auto const expired = find_expired_indices(client_, options_.pattern, options_.age_max_ns, now_ns());
    if (!expired) return expired.error();
    for (auto const& index : *expired) {
        if (auto deleted = delete_index(client_, index); !deleted) return deleted;
        ++deleted_;
        log_info("opensearch_sink: deleted index {}, which is older than --index-age-max", index);
    }
    return {};
}

}  // namespace logpipe::opensearch
