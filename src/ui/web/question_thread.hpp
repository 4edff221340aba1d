// Answers the page's questions one after the other, so that what a store takes its time for never holds up the rest.
#pragma once

#include "core/thread.hpp"
#include "page_api.hpp"

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>

namespace logpipe::web {

/// Askers take turns: whoever asks much waits for himself. Any thread asks. The destructor answers what waits with a
/// 503.
class question_thread final {
  public:
    /// @param name  of the thread
    question_thread(std::string name, page_options options);
    ~question_thread();
    question_thread(question_thread const&) = delete;
    question_thread& operator=(question_thread const&) = delete;

    /// @param asker  the client's address
    /// @param tell  gets the answer, on the thread; or at once, where too many wait
    void ask(std::string const& asker, page_question question, std::move_only_function<void(web_answer)> tell);

    /// How many were answered with 503 as too many waited. Any thread.
    [[nodiscard]] std::uint64_t refused() const noexcept { return refused_; }

  private:
    using teller = std::move_only_function<void(web_answer)>;
    struct asked {
        page_question question;
        teller tell;
    };
    void answer_all();
    [[nodiscard]] teller make_room(std::string const& asker);
    [[nodiscard]] asked take_next();

    std::size_t const questions_max_;
    page_desk desk_;
    std::mutex mutex_;  // guards all below but refused_ and thread_
    std::condition_variable changed_;
    std::map<std::string, std::deque<asked>> waiting_;  // by asker, none of them empty
    std::deque<std::string> turns_;                     // the keys of waiting_, who is next first
    std::size_t waiting_count_ = 0;
    bool ending_ = false;
    std::atomic<std::uint64_t> refused_{0};
    std::jthread thread_;
};

}  // namespace logpipe::web
