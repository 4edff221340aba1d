#include "question_thread.hpp"

#include <algorithm>
#include <utility>

namespace logpipe::web {

question_thread::question_thread(std::string name, page_options options)
    : questions_max_{options.questions_max}, desk_{std::move(options)} {
    thread_ = start_thread(std::move(name), [this] { answer_all(); });
}

question_thread::~question_thread() {
    {
        std::lock_guard const lock{mutex_};
        ending_ = true;
    }
    changed_.notify_one();
}

void question_thread::ask(std::string const& asker, page_question question, teller tell) {
    teller too_many;
    {
        std::lock_guard const lock{mutex_};
        if (!ending_ && waiting_count_ >= questions_max_) too_many = make_room(asker);
        if (ending_ || waiting_count_ >= questions_max_) {
            too_many = std::move(tell);
        } else {
            auto& own = waiting_[asker];
            if (own.empty()) turns_.push_back(asker);
            own.push_back({.question = std::move(question), .tell = std::move(tell)});
            ++waiting_count_;
            changed_.notify_one();
        }
    }
    if (!too_many) return;
    ++refused_;
    too_many(problem_answer(503, "Too many questions at a time; ask again in a moment."));
}

/// By the newest question of whoever has the most, so that one who asks little is heard however many others ask.
/// @return whom to tell; empty: nobody has more than the asker would have
question_thread::teller question_thread::make_room(std::string const& asker) {
    auto const most = std::ranges::max_element(waiting_, {}, [](auto const& each) { return each.second.size(); });
    auto const own = waiting_.find(asker);
    auto const own_count = own == waiting_.end() ? 0 : own->second.size();
    if (most == waiting_.end() || most->second.size() <= own_count + 1) return {};
    auto tell = std::move(most->second.back().tell);
    most->second.pop_back();
    --waiting_count_;
    return tell;
}

question_thread::asked question_thread::take_next() {
    auto const asker = std::move(turns_.front());
    turns_.pop_front();
    auto const own = waiting_.find(asker);
    auto next = std::move(own->second.front());
    own->second.pop_front();
    --waiting_count_;
    if (own->second.empty()) {
        waiting_.erase(own);
    } else {
        turns_.push_back(asker);
    }
    return next;
}

void question_thread::answer_all() {
    std::unique_lock lock{mutex_};
    while (true) {
        changed_.wait(lock, [this] { return ending_ || waiting_count_ > 0; });
        if (waiting_count_ == 0) return;
        auto next = take_next();
        bool const refused = ending_;
        lock.unlock();
        next.tell(refused ? problem_answer(503, "The server is stopping.") : next.question(desk_));
        next = {};
        lock.lock();
    }
}

}  // namespace logpipe::web
