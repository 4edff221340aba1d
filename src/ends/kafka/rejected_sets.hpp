// Finds the messages that a broker rejects: it rejects all of a set for one of its messages and does not say which. So
// a set is sent alone, and halved where it is rejected again.
#pragma once

#include "sent_batches.hpp"

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace logpipe::kafka {

/// One thread.
class rejected_sets final {
  public:
    using tags = std::vector<message_tag>;

    /// A message came back, alone or with its set.
    void add(message_tag tag, std::string_view reason) {
        reason_ = reason;
        rejected_.push_back(tag);
    }
    /// What came back is a set that is to be sent alone.
    void close_set() {
        if (!rejected_.empty()) sets_.push_back(std::exchange(rejected_, {}));
    }

    [[nodiscard]] bool empty() const noexcept { return sets_.empty(); }
    /// To be sent alone. What came back before, of those that were still in flight, is another set.
    [[nodiscard]] tags take_set() {
        close_set();
        auto next = std::move(sets_.front());
        sets_.pop_front();
        return next;
    }
    /// `sent` was sent alone, and what came back of it was added. @return whether it is one message, and the one
    [[nodiscard]] bool found_in(tags const& sent) {
        auto rejected = std::exchange(rejected_, {});
        if (rejected.empty()) return false;
        if (sent.size() == 1) return true;
        if (rejected.size() == 1) {
            sets_.push_back(std::move(rejected));
            return false;
        }
        auto const middle = rejected.begin() + static_cast<std::ptrdiff_t>(rejected.size() / 2);
        sets_.emplace_back(rejected.begin(), middle);
        sets_.emplace_back(middle, rejected.end());
        return false;
    }
    /// Of the newest that came back.
    [[nodiscard]] std::string const& reason() const noexcept { return reason_; }

  private:
    std::deque<tags> sets_;
    tags rejected_;  // since the last set
    std::string reason_;
};

}  // namespace logpipe::kafka
