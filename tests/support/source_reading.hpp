// Reads a source to its end, for tests of sources.
#pragma once

#include "logpipe/stage.hpp"
#include "support/catch.hpp"

#include <string>
#include <vector>

namespace logpipe::test {

struct all_read {
    std::vector<std::string> records;
    std::vector<event_id> ids;
    std::vector<std::size_t> batch_events;
    std::vector<std::string> rejections;
    std::optional<error> failure;  ///< none: it ended with end_of_input
    batch last;
};

/// @param patience  for the whole of it.
inline all_read read_all(source& from, std::chrono::seconds patience = std::chrono::seconds{60}) {
    all_read got;
    batch into;
    auto const until = std::chrono::steady_clock::now() + patience;
    while (std::chrono::steady_clock::now() < until) {
        into.clear();
        if (auto read = from.read(into, until); !read) {
            if (read.error().code != errc::end_of_input) got.failure = read.error();
            return got;
        }
        if (into.empty()) continue;
        for (auto const& row : into.events) {
            got.records.emplace_back(into.record(row));
            got.ids.push_back(row.id);
        }
        for (auto const& refused : into.rejections) got.rejections.push_back(refused.reason);
        got.batch_events.push_back(into.events.size());
        got.last = into;
    }
    got.failure = error{errc::timed_out, "the source did not end"};
    return got;
}

}  // namespace logpipe::test
