// The newest runs of chunks that are safe in the journal, to recognise a client's retry of one.
#pragma once

#include "segment_format.hpp"

#include <cstddef>
#include <unordered_set>
#include <vector>

namespace logpipe::journal {

struct run_key_hash {
    // The upper bits are a hash or random already.
    [[nodiscard]] std::size_t operator()(run_key const& key) const noexcept { return key.high ^ key.low; }
};
using run_keys = std::unordered_set<run_key, run_key_hash>;

/// One thread.
class chunk_window final {
  public:
    explicit chunk_window(std::size_t count_max) : count_max_{count_max} {}

    [[nodiscard]] bool contains(run_key const& key) const { return known_.contains(key); }
    /// Forgets the oldest above the bound.
    void insert(run_key const& key);
    [[nodiscard]] std::size_t count() const noexcept { return known_.size(); }

  private:
    std::size_t const count_max_;
    run_keys known_;
    std::vector<run_key> ring_;  // in order of arrival, from oldest_ on once it is full
    std::size_t oldest_ = 0;
};

}  // namespace logpipe::journal
