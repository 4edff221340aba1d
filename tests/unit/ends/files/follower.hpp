// A source of followed files as a test drives it: read, killed, started again.
#pragma once

#include "follow_source.hpp"

#include "core/clock.hpp"
#include "support/catch.hpp"
#include "support/scratch_folder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace logpipe::test {

/// Lines of about 60 bytes, no two alike.
inline std::string numbered(int first, int count) {
    std::string text;
    for (int i = first; i < first + count; ++i)
        text += fmt::format("{{\"serial\": {}, \"text\": \"one of many lines, and not a short one\"}}\n", i);
    return text;
}

inline std::vector<std::string> lines_of(std::string_view text) {
    std::vector<std::string> lines;
    while (!text.empty()) {
        auto const end = std::min(text.find('\n'), text.size());
        lines.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return lines;
}

inline void append(std::string const& path, std::string_view text) {
    std::ofstream{path, std::ios::binary | std::ios::app} << text;
}

/// A process that follows, can be killed, and starts again with the same state.
class follower {
  public:
    explicit follower(scratch_folder const& folder, std::string pattern, files::follow_options how = {},
                      std::string const& state = "state")
        : how_{std::move(how)}, state_{folder.path(state)} {
        how_.pattern = folder.path(pattern);
        start();
    }

    /// What was not committed is forgotten, as by kill -9.
    void kill_and_start() {
        from_.reset();
        book_.reset();
        start();
    }
    void commit_all() {
        std::vector<progress> safe;
        for (auto const& [partition, offset] : ends_) safe.push_back({.safe = {partition, offset}, .counts = {}});
        REQUIRE(from_->commit(safe));
        REQUIRE(book_->save());
    }
    /// The next lines, until there are so many; fewer when nothing comes any more.
    std::vector<std::string> read(std::size_t count, std::chrono::milliseconds patience = std::chrono::seconds{20}) {
        std::vector<std::string> lines;
        auto const until = std::chrono::steady_clock::now() + patience;
        batch into;
        while (lines.size() < count && std::chrono::steady_clock::now() < until) {
            into.clear();
            auto const got =
                from_->read(into, std::min(until, std::chrono::steady_clock::now() + std::chrono::milliseconds{20}));
            if (!got) {
                failure = got.error();
                break;
            }
            if (into.empty()) continue;
            chunks.emplace_back(into.events.front().id, into.events.size());
            for (auto const& row : into.events) {
                lines.emplace_back(into.record(row));
                REQUIRE(ids[row.id].insert(lines.back()).first != ids[row.id].end());
            }
            origins.insert(into.origin);
            tags.insert(into.tags.begin(), into.tags.end());
            ends_[into.partition] = into.end_offset;
        }
        return lines;
    }
    /// Lines that come though none should.
    std::size_t more() { return read(1, std::chrono::milliseconds{300}).size(); }
    double metric(std::string_view name) const {
        auto const all = from_->status().metrics;
        auto const found = std::ranges::find(all, name, &metric_value::name);
        return found == all.end() ? -1 : found->value;
    }
    source& from() { return *from_; }

    std::map<event_id, std::set<std::string>> ids;  // and the lines that had them
    std::vector<std::pair<event_id, std::size_t>> chunks;
    std::set<std::string> origins;
    std::set<std::string> tags;
    std::optional<error> failure;

    [[nodiscard]] bool each_id_is_one_line() const {
        return std::ranges::all_of(ids, [](auto const& each) { return each.second.size() == 1; });
    }

  private:
    void start() {
        environment world;
        // Nothing that a test makes is still being written.
        world.now = [] { return now_ns() + 3'600'000'000'000 / 60; };
        auto book = files::positions_book::open(state_, "test", world);
        REQUIRE(book.has_value());
        book_ = *std::move(book);
        from_ = files::make_follow_source(how_, book_, world);
        ends_.clear();
        if (auto opened = from_->open(); !opened) failure = opened.error();
    }

    files::follow_options how_;
    std::string state_;
    std::shared_ptr<files::positions_book> book_;
    std::unique_ptr<source> from_;
    std::map<std::uint32_t, std::uint64_t> ends_;
};

}  // namespace logpipe::test
