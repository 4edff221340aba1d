#include "stream_table.hpp"

namespace logpipe::loki {

bool stream_table::admit(std::string_view labels, steady_time now) {
    if (auto const known = last_used_.find(labels); known != last_used_.end()) {
        known->second = now;
        return true;
    }
    // Once a minute at most: a full table is searched for each line of the streams that do not fit.
    if (last_used_.size() >= count_max_ && now - swept_ >= std::chrono::minutes{1}) {
        swept_ = now;
        std::erase_if(last_used_, [&](auto const& each) { return now - each.second >= idle; });
    }
    if (last_used_.size() >= count_max_) return false;
    last_used_.emplace(labels, now);
    return true;
}

}  // namespace logpipe::loki
