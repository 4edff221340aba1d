#include "chunk_window.hpp"

namespace logpipe::journal {

void chunk_window::insert(run_key const& key) {
    if (count_max_ == 0 || !known_.insert(key).second) return;
    if (ring_.size() < count_max_) {
        ring_.push_back(key);
        return;
    }
    known_.erase(ring_[oldest_]);
    ring_[oldest_] = key;
    oldest_ = (oldest_ + 1) % count_max_;
}

}  // namespace logpipe::journal
