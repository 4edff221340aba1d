// Answers the page's questions one after the other, so that what a store takes its time for never holds up the rest.
#pragma once

#include "base/thread.hpp"
#include "page_api.hpp"

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace logpipe {

/// Any thread asks. The destructor answers what waits with a 503.
class question_thread final {
  public:
    explicit question_thread(page_options options);
    ~question_thread();
    question_thread(question_thread const&) = delete;
    question_thread& operator=(question_thread const&) = delete;

    /// @param tell  gets the answer, on the thread; or at once, where too many wait
    void ask(page_question question, std::move_only_function<void(web_answer)> tell);

  private:
    struct asked {
        page_question question;
        std::move_only_function<void(web_answer)> tell;
    };
    void answer_all();

    std::size_t const questions_max_;
    page_desk desk_;
    std::mutex mutex_;  // guards waiting_, ending_
    std::condition_variable changed_;
    std::deque<asked> waiting_;
    bool ending_ = false;
    std::jthread thread_;
};

}  // namespace logpipe
