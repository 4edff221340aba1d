#include "query_thread.hpp"

#include <algorithm>
#include <utility>

namespace logpipe::web {

query_thread::query_thread(std::string name, page_options options)
    : queries_max_{options.queries_max}, context_{std::move(options)} {
    thread_ = start_thread(std::move(name), [this] { run(); });
}

query_thread::~query_thread() {
    {
        mutex_lock const lock{mutex_};
        ending_ = true;
    }
    changed_.notify_one();
}

void query_thread::submit(std::string const& client, page_query query, responder respond) {
    responder too_many;
    {
        mutex_lock const lock{mutex_};
        if (!ending_ && waiting_count_ >= queries_max_) too_many = evict(client);
        if (ending_ || waiting_count_ >= queries_max_) {
            too_many = std::move(respond);
        } else {
            auto& own = waiting_[client];
            if (own.empty()) turns_.push_back(client);
            own.push_back({.query = std::move(query), .respond = std::move(respond)});
            ++waiting_count_;
            changed_.notify_one();
        }
    }
    if (!too_many) return;
    ++rejected_;
    too_many(problem_response(503, "Too many queries are waiting; retry in a moment."));
}

/// By dropping the newest query of the client that has the most, so that a client with few is served however many
/// others wait. @return the responder of the dropped one; empty: no client has more than this one would have
query_thread::responder query_thread::evict(std::string const& client) {
    auto const most = std::ranges::max_element(waiting_, {}, [](auto const& each) { return each.second.size(); });
    auto const own = waiting_.find(client);
    auto const own_count = own == waiting_.end() ? 0 : own->second.size();
    if (most == waiting_.end() || most->second.size() <= own_count + 1) return {};
    auto respond = std::move(most->second.back().respond);
    most->second.pop_back();
    --waiting_count_;
    return respond;
}

query_thread::pending_query query_thread::take_next() {
    auto const client = std::move(turns_.front());
    turns_.pop_front();
    auto const own = waiting_.find(client);
    auto next = std::move(own->second.front());
    own->second.pop_front();
    --waiting_count_;
    if (own->second.empty()) {
        waiting_.erase(own);
    } else {
        turns_.push_back(client);
    }
    return next;
}

void query_thread::run() {
    mutex_lock lock{mutex_};
    while (true) {
        changed_.wait(lock, [this]() LOGPIPE_REQUIRES(mutex_) { return ending_ || waiting_count_ > 0; });
        if (waiting_count_ == 0) return;
        auto next = take_next();
        bool const rejected = ending_;
        lock.unlock();
        next.respond(rejected ? problem_response(503, "The server is stopping.") : next.query(context_));
        next = {};
        lock.lock();
    }
}

}  // namespace logpipe::web
