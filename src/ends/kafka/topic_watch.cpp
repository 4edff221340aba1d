#include "topic_watch.hpp"

namespace logpipe::kafka {

namespace {

using namespace std::chrono_literals;

constexpr auto check_interval = 5'000ms;
constexpr auto id_time = 2'000ms;

}  // namespace

void topic_watch::check() {
    auto const now = std::chrono::steady_clock::now();
    if (!request_) {
        if (now < check_at_ || member_.topic_id.empty() || member_.assigned.empty()) return;
        check_at_ = now + check_interval;
        request_.emplace(member_.client.get(), member_.options.topic, id_time);
        return;
    }
    auto const id = request_->response(0ms);
    if (id && !*id) return;
    request_.reset();
    // While it is deleted, its id is not known.
    if (!id || (*id)->empty() || **id == member_.topic_id || outdated_) return;
    log_warn("kafka_source: topic {} was deleted and recreated: rejoining group {} for the new one",
             member_.options.topic, member_.options.group);
    outdated_ = true;
}

}  // namespace logpipe::kafka
