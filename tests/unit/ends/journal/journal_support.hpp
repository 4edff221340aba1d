// What the journal's tests share.
#pragma once

#include "core/chunk_hash.hpp"
#include "journal/journal.hpp"
#include "support/reports.hpp"
#include "support/scratch_folder.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace logpipe::test {

using namespace journal;

[[nodiscard]] inline steady_time soon() {
    return std::chrono::steady_clock::now() + std::chrono::seconds{20};
}
[[nodiscard]] inline steady_time at_once() {
    return std::chrono::steady_clock::now();
}

/// A sink of a journal with its reports.
struct topic_end {
    explicit topic_end(journal::topic& of, journal::journal_duplicates duplicates = journal::journal_duplicates::drop)
        : to{of.make_sink(duplicates)} {
        if (auto opened = to->open(reports); !opened) throw std::runtime_error{opened.error().message};
    }
    [[nodiscard]] result<> write(batch events) { return to->write(events); }
    [[nodiscard]] result<> flush() { return to->flush(); }

    reported reports;
    std::unique_ptr<sink> to;  // before the reports it goes
};

/// A chunk as the forward source makes it: the same id and records give the same events.
[[nodiscard]] inline batch chunk_of(std::string_view tag, std::string_view chunk_id,
                                    std::vector<std::string> const& records) {
    batch events;
    auto const id = chunk_hash(tag, chunk_id, records.empty() ? "" : records.front());
    auto const index = events.tag_index(tag);
    for (std::size_t i = 0; i < records.size(); ++i)
        events.append(index, id.at(static_cast<std::uint32_t>(i)), 1'000 + static_cast<std::int64_t>(i), records[i]);
    return events;
}

/// Events that came without ids.
[[nodiscard]] inline batch loose_events(std::string_view tag, std::vector<std::string> const& records) {
    batch events;
    auto const index = events.tag_index(tag);
    for (auto const& record : records) events.append(index, {}, 5, record);
    return events;
}

/// All that is there at once.
[[nodiscard]] inline std::vector<std::string> read_records(source& from) {
    std::vector<std::string> records;
    batch got;
    while (true) {
        got.clear();
        auto const read = from.read(got, at_once());
        if (!read || got.empty()) return records;
        for (auto const& row : got.events) records.emplace_back(got.record(row));
    }
}

}  // namespace logpipe::test
