// Recognises chunks that a topic has already, among its newest ones, so that a client's retry of one is not written
// twice.
#pragma once

#include "chunk_window.hpp"

#include <cstddef>

namespace logpipe::journal {

/// What is recognised depends on how far its chunk is: in the batch at hand, appended, or safe. One thread.
class chunk_filter final {
  public:
    /// @param count_max  runs of chunks that are remembered; 0: none, all are new
    explicit chunk_filter(std::size_t count_max) : is_on_{count_max > 0}, safe_{count_max} {}

    [[nodiscard]] bool is_on() const noexcept { return is_on_; }
    void remember(run_key const& key) { safe_.insert(key); }

    void begin_batch() { in_batch_.clear(); }
    /// @return whether the topic has it; else it is part of this batch from now on
    [[nodiscard]] bool is_duplicate(run_key const& key) {
        return safe_.contains(key) || appended_.contains(key) || !in_batch_.insert(key).second;
    }
    void appended() { appended_.merge(in_batch_); }
    /// What was appended has to be appended again.
    void lost() { appended_.clear(); }
    /// Only now may a retry be dropped after a crash as well.
    void synced() {
        for (auto const& key : appended_) safe_.insert(key);
        appended_.clear();
    }

  private:
    bool const is_on_;
    chunk_window safe_;
    run_keys appended_;
    run_keys in_batch_;
};

}  // namespace logpipe::journal
