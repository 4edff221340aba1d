#include "question_thread.hpp"

#include <utility>

namespace logpipe {

question_thread::question_thread(page_options options)
    : questions_max_{options.questions_max}, desk_{std::move(options)} {
    thread_ = start_thread("web-page", [this] { answer_all(); });
}

question_thread::~question_thread() {
    {
        std::lock_guard const lock{mutex_};
        ending_ = true;
    }
    changed_.notify_one();
}

void question_thread::ask(page_question question, std::move_only_function<void(web_answer)> tell) {
    {
        std::lock_guard const lock{mutex_};
        if (!ending_ && waiting_.size() < questions_max_) {
            waiting_.push_back({.question = std::move(question), .tell = std::move(tell)});
            changed_.notify_one();
            return;
        }
    }
    tell(problem_answer(503, "Too many questions at a time; ask again in a moment."));
}

void question_thread::answer_all() {
    std::unique_lock lock{mutex_};
    while (true) {
        changed_.wait(lock, [this] { return ending_ || !waiting_.empty(); });
        if (waiting_.empty()) return;
        auto next = std::move(waiting_.front());
        waiting_.pop_front();
        bool const refused = ending_;
        lock.unlock();
        next.tell(refused ? problem_answer(503, "The server is stopping.") : next.question(desk_));
        next = {};
        lock.lock();
    }
}

}  // namespace logpipe
