// Inspecting, repairing and exporting a topic; no writer needs to have it open.
#include "cursor_file.hpp"
#include "environment.hpp"
#include "group_cursor.hpp"
#include "recovery.hpp"
#include "topic_folder.hpp"

#include <fmt/format.h>

#include <limits>

namespace logpipe::journal {

namespace {

constexpr std::uint64_t no_limit = std::numeric_limits<std::uint64_t>::max();

/// Where the next segment's offsets begin.
std::uint64_t limit_of(std::vector<std::uint64_t> const& offsets, std::size_t index) {
    return index + 1 < offsets.size() ? offsets[index + 1] : no_limit;
}

journal_segment_info describe(std::string const& folder, std::uint64_t first_offset, segment_scan const& scan) {
    journal_segment_info info;
    info.path = segment_path(folder, first_offset);
    info.first_offset = first_offset;
    info.end_offset = scan.end_offset;
    info.events = scan.events;
    info.bytes = scan.file_bytes;
    info.damage = scan.lost;
    for (auto const& range : scan.damage)
        if (range.end == scan.file_bytes)
            info.damage.push_back(
                fmt::format("{}: the last {} bytes, from byte {}, after offset {}, contain no whole frame",
                            segment_name(first_offset), range.end - range.begin, range.begin, scan.end_offset));
    return info;
}

/// The topic's segments; a damaged `topic` file does not make the events unreadable.
result<std::vector<std::uint64_t>> segments_of(file_system& files, std::string const& folder) {
    if (auto identity = load_identity(files, folder); !identity && identity.error().code != errc::corrupt) {
        if (identity.error().code != errc::not_found) return identity.error();
        return error{errc::not_found,
                     fmt::format("{}: no journal in this folder{}", folder, nearest_journal_hint(files, folder))};
    }
    return list_segments(files, folder);
}

using each_portion = std::function<result<>(std::uint64_t segment, frame_header const& header)>;

/// Adds the events of each portion to `into`, one after the other.
result<> read_segment(file_system& files, std::string const& folder, std::uint64_t first_offset,
                      std::uint64_t limit_offset, batch& into, each_portion const& added) {
    auto opened = files.open(segment_path(folder, first_offset), file_access::read);
    if (!opened) return opened.error();
    auto const bytes = (*opened)->bytes();
    if (!bytes) return bytes.error();
    segment_reader frames{**opened};
    while (true) {
        auto const step = frames.next(*bytes);
        if (!step) return step.error();
        if (*step == segment_step::damage) continue;
        if (*step == segment_step::end || frames.header().first_offset >= limit_offset) return {};
        for (auto offset = frames.header().first_offset; offset < frames.header().end_offset();) {
            auto const end = frames.append_portion(offset, into);
            if (!end) return end.error();
            into.end_offset = offset = *end;
            if (auto taken = added(first_offset, frames.header()); !taken) return taken;
        }
    }
}

result<> read_segments(file_system& files, std::string const& folder, batch& into, each_portion const& added) {
    auto const offsets = segments_of(files, folder);
    if (!offsets) return offsets.error();
    for (std::size_t i = 0; i < offsets->size(); ++i)
        if (auto read = read_segment(files, folder, (*offsets)[i], limit_of(*offsets, i), into, added); !read)
            return read;
    return {};
}

}  // namespace

result<journal_info> inspect_journal(std::string const& folder) {
    auto const offsets = segments_of(system_files(), folder);
    if (!offsets) return offsets.error();
    journal_info info{.folder = folder, .segments = {}, .cursors = {}, .damage = {}};
    if (auto identity = load_identity(system_files(), folder); !identity)
        info.damage.push_back(identity.error().message);
    for (std::size_t i = 0; i < offsets->size(); ++i) {
        auto const first = (*offsets)[i];
        auto const scan = scan_segment(system_files(), folder, first, limit_of(*offsets, i), read_depth::whole);
        if (!scan) return scan.error();
        info.segments.push_back(describe(folder, first, *scan));
    }
    auto cursors = list_cursors(system_files(), folder, info.damage);
    if (!cursors) return cursors.error();
    info.cursors = *std::move(cursors);
    return info;
}

result<> move_journal_group(std::string const& folder, std::string const& group, std::uint64_t from, std::uint64_t to,
                            event_counts const& counts) {
    slot_file stored{system_files(), cursor_path(folder, group)};
    if (auto there = load_cursor(stored); !there) return there.error();
    group_cursor at{environment{}, folder, group};
    if (auto opened = at.open(from); !opened) return opened;
    if (at.at().offset != from)
        return error{errc::busy,
                     fmt::format("the group {} is at offset {} now, not at {}", group, at.at().offset, from)};
    at.move(to, counts);
    return at.store();
}

result<journal_recovery> repair_journal(std::string const& folder) {
    if (auto offsets = segments_of(system_files(), folder); !offsets) return offsets.error();
    auto& files = system_files();
    auto lock = files.open(folder + "/lock", file_access::create);
    if (!lock) return lock.error();
    if (auto locked = (*lock)->lock(); !locked) {
        if (locked.error().code != errc::busy) return locked.error();
        return error{errc::busy, fmt::format("{} is written by another logpipe: stop it first", folder)};
    }
    std::vector<std::string> notes;
    if (auto identity = load_or_make_identity(files, folder, random_number, notes); !identity) return identity.error();
    auto repaired = recover_topic(files, folder, {.runs_max = 0, .every_segment = true});
    if (!repaired) return repaired.error();
    repaired->report.notes.insert(repaired->report.notes.begin(), notes.begin(), notes.end());
    return std::move(repaired->report);
}

result<> export_journal(std::string const& folder, std::function<result<>(batch const&)> const& each,
                        file_system& files) {
    batch into;
    auto const read = read_segments(files, folder, into, [&](std::uint64_t, frame_header const&) -> result<> {
        if (!into.full()) return {};
        auto taken = each(into);
        into.clear();
        return taken;
    });
    return !read || into.empty() ? read : each(into);
}

result<> export_frames(std::string const& folder,
                       std::function<result<>(journal_frame_place const&, batch const&)> const& each) {
    batch into;
    return read_segments(system_files(), folder, into, [&](std::uint64_t segment, frame_header const& header) {
        auto const name = segment_name(segment);
        auto taken = each({.segment = name, .epoch = header.epoch}, into);
        into.clear();
        return taken;
    });
}

}  // namespace logpipe::journal
