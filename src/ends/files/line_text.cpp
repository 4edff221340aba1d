#include "line_text.hpp"

namespace logpipe::files {

void append_lines(batch const& events, std::string& out) {
    for (auto const& row : events.events) {
        if (row.rejected) continue;
        out.append(events.payload(row));
        out.push_back('\n');
    }
}

void count_written(batch& events) noexcept {
    events.counts.indexed = events.events.size() - events.rejections.size();
    events.counts.duplicates = 0;
}

}  // namespace logpipe::files
