#include "letter_space.hpp"

#include <chrono>
#include <filesystem>
#include <thread>

namespace logpipe::audit {

namespace {

using namespace std::chrono_literals;

// Longer than the process that has the journal open takes to get to it, where it is not stuck.
constexpr auto request_timeout = 5s;
constexpr auto request_interval = 50ms;

std::uint64_t bytes_in(std::string const& folder) {
    std::uint64_t bytes = 0;
    std::error_code failed;
    for (auto const& each : std::filesystem::directory_iterator{folder, failed}) {
        auto const size = each.is_regular_file(failed) ? each.file_size(failed) : 0;
        if (!failed) bytes += size;  // one that goes meanwhile counts as gone
    }
    return bytes;
}

result<freed_space> request_writer(std::string const& folder, std::span<journal::offset_range const> ranges) {
    auto const before = bytes_in(folder);
    if (auto requested = journal::request_free(folder, ranges); !requested) return requested.error();
    auto const end = std::chrono::steady_clock::now() + request_timeout;
    while (journal::is_free_requested(folder)) {
        if (std::chrono::steady_clock::now() >= end) return freed_space{.freed_bytes = 0, .pending = true};
        std::this_thread::sleep_for(request_interval);
    }
    auto const after = bytes_in(folder);
    return freed_space{.freed_bytes = before > after ? before - after : 0};
}

}  // namespace

result<std::vector<journal::offset_range>> free_ranges(
    file_system& files, std::string const& folder,
    std::function<bool(batch const& events, event const& row)> const& is_needed) {
    std::vector<journal::offset_range> ranges;
    journal::offset_range next;
    auto scanned = journal::export_journal(
        folder,
        [&](batch const& events) -> result<> {
            for (auto const& row : events.events) {
                bool const needed = is_needed(events, row);
                next.end = needed ? row.offset : row.offset + 1;
                if (!needed) continue;
                if (next.begin < next.end) ranges.push_back(next);
                next.begin = row.offset + 1;
            }
            return {};
        },
        files);
    if (!scanned) return scanned.error();
    if (next.begin < next.end) ranges.push_back(next);
    return ranges;
}

result<freed_space> free_letters(std::string const& folder, std::shared_ptr<journal::topic> const& open,
                                 std::span<journal::offset_range const> ranges) {
    if (ranges.empty()) return freed_space{};
    auto topic = open;
    if (!topic) {
        auto opened = journal::open_journal({.folder = folder});
        if (!opened && opened.error().code == errc::busy) return request_writer(folder, ranges);
        if (!opened) return opened.error();
        topic = *std::move(opened);
    }
    auto const freed = topic->free(ranges);
    if (!freed) return freed.error();
    return freed_space{.freed_bytes = *freed};
}

}  // namespace logpipe::audit
