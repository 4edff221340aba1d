#include "recovery.hpp"

#include "state_file.hpp"
#include "topic_folder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace logpipe::journal {

namespace {

constexpr std::uint64_t no_limit = std::numeric_limits<std::uint64_t>::max();
// Headers of large frames lie far apart: reading far ahead of them would read everything.
constexpr std::size_t header_read_ahead_bytes = std::size_t{16} << 10U;

void add_damage(segment_scan& scan, byte_range range) {
    if (!scan.damage.empty() && scan.damage.back().end == range.begin)
        scan.damage.back().end = range.end;
    else
        scan.damage.push_back(range);
}

void add_frame(segment_scan& scan, frame_header const& header, std::uint64_t end_bytes, std::string const& name) {
    if (header.first_offset > scan.end_offset && !scan.damage.empty() &&
        scan.damage.back().end + header.frame_bytes() == end_bytes)
        scan.lost.push_back(fmt::format("{}: bytes {} to {} are damaged: offsets {} to {} are lost", name,
                                        scan.damage.back().begin, scan.damage.back().end, scan.end_offset,
                                        header.first_offset - 1));
    if (scan.events == 0) scan.oldest_ns = header.received_ns;
    scan.newest_ns = std::max(scan.newest_ns, header.received_ns);
    scan.events += header.event_count;
    scan.end_offset = header.end_offset();
    scan.good_bytes = end_bytes;
    if (header.chunk) scan.runs.push_back(header.key());
}

/// Cuts off the segment's torn end. @return false when nothing of it was good: it was set aside.
result<bool> repair_segment(file_system& files, std::string const& folder, std::uint64_t first_offset,
                            segment_scan const& scan, journal_recovery& report) {
    auto const name = segment_name(first_offset);
    report.notes.insert(report.notes.end(), scan.lost.begin(), scan.lost.end());
    if (scan.good_bytes == scan.file_bytes && scan.hollow.empty()) return true;
    if (scan.good_bytes == 0) {
        auto const aside = set_aside(files, folder, first_offset);
        if (!aside) return aside.error();
        ++report.segments_set_aside;
        report.notes.push_back(
            fmt::format("{}: its {} bytes contain no whole frame: set aside as {}; it had the offsets from {} on", name,
                        scan.file_bytes, *aside, first_offset));
        return false;
    }
    auto opened = files.open(segment_path(folder, first_offset), file_access::write);
    if (!opened) return opened.error();
    // A later start trusts headers and would take a retry of such a frame's chunk for a duplicate. It was never
    // acknowledged: the disk wrote later bytes before these.
    std::string_view const nothing{"\0\0\0\0", frame_magic.size()};
    for (auto const begin : scan.hollow)
        if (auto wiped = (*opened)->write_at(begin, {&nothing, 1}); !wiped) return wiped.error();
    if (auto cut = (*opened)->truncate(scan.good_bytes); !cut) return cut.error();
    if (auto synced = (*opened)->sync_data(); !synced) return synced.error();
    auto const bytes = scan.file_bytes - scan.good_bytes;
    if (bytes == 0) return true;
    report.bytes_cut += bytes;
    report.notes.push_back(fmt::format("{}: cut {} bytes at byte {}, after offset {}: they are only a part of a frame",
                                       name, bytes, scan.good_bytes, scan.end_offset));
    return true;
}

/// A killed writer leaves frames in the page cache that were never synced, or whose sync failed: then the kernel takes
/// them for clean, and another sync would report success. So they are rewritten before readers see them.
result<> secure(file_system& files, std::string const& folder, std::uint64_t first_offset, std::uint64_t begin,
                std::uint64_t end) {
    auto opened = files.open(segment_path(folder, first_offset), file_access::write);
    if (!opened) return opened.error();
    std::vector<char> bytes(std::min<std::size_t>(std::size_t{1} << 20U, static_cast<std::size_t>(end - begin)));
    while (begin < end) {
        auto const wanted = std::min<std::uint64_t>(bytes.size(), end - begin);
        auto const got = (*opened)->read_at(begin, std::span{bytes}.first(static_cast<std::size_t>(wanted)));
        if (!got) return got.error();
        std::string_view const part{bytes.data(), *got};
        if (part.empty()) break;
        if (auto written = (*opened)->write_at(begin, {&part, 1}); !written) return written;
        begin += part.size();
    }
    return (*opened)->sync_data();
}

/// How much of the segment is on disk for certain. The state may say too little, never too much.
std::uint64_t synced_bytes(file_system& files, std::string const& folder, std::uint64_t first_offset) {
    auto const bytes = read_file(files, state_path(folder), state_bytes);
    auto const mark = bytes ? decode_state(*bytes) : std::nullopt;
    return mark && mark->segment == first_offset ? mark->bytes : 0;
}

result<std::int64_t> first_received_ns(file_system& files, std::string const& folder, std::uint64_t first_offset) {
    auto opened = files.open(segment_path(folder, first_offset), file_access::read);
    if (!opened) return opened.error();
    std::string bytes(header_bytes, '\0');
    auto const got = (*opened)->read_at(0, bytes);
    if (!got) return got.error();
    auto const header = read_header(std::string_view{bytes}.substr(0, *got));
    return header ? header->received_ns : 0;
}

class recovery final {
  public:
    recovery(file_system& files, std::string const& folder, recovery_options const& options)
        : files_{files}, folder_{folder}, options_{options} {}

    result<recovered_topic> run() {
        auto listed = list_segments(files_, folder_);
        if (!listed) return listed.error();
        offsets_ = *std::move(listed);
        bool last = true;
        for (std::size_t i = offsets_.size(); i > 0; --i) {
            auto kept = recover_segment(i - 1, last);
            if (!kept) return kept.error();
            if (*kept) last = false;
        }
        std::ranges::reverse(found_.segments);
        std::ranges::reverse(runs_);
        found_.runs = std::move(runs_);
        std::ranges::reverse(notes_);
        for (auto& of_segment : notes_) std::ranges::move(of_segment, std::back_inserter(found_.report.notes));
        return std::move(found_);
    }

  private:
    /// Newest first. @param last  no newer one was kept: this is the one that is written to
    result<bool> recover_segment(std::size_t index, bool last) {
        auto const first = offsets_[index];
        auto const limit = index + 1 < offsets_.size() ? offsets_[index + 1] : no_limit;
        bool const whole = last || options_.every_segment;
        segment_entry entry{.first_offset = first};
        // The age of an unread segment is when the next one began; where that is not known, it is read as well.
        if (whole || runs_.size() < options_.runs_max || newer_began_ns_ == 0) {
            auto scan = scan_segment(files_, folder_, first, last ? no_limit : limit,
                                     whole ? read_depth::whole : read_depth::headers);
            if (!scan) return scan.error();
            if (whole) {
                journal_recovery report;
                auto const kept = repair_segment(files_, folder_, first, *scan, report);
                if (!kept) return kept.error();
                note(std::move(report));
                // The name says how far offsets were used, even when nothing else does.
                found_.end_offset = std::max({found_.end_offset, first, scan->end_offset});
                if (!*kept) return false;
                if (last) {
                    auto const begin = std::min(synced_bytes(files_, folder_, first), scan->good_bytes);
                    if (auto safe = secure(files_, folder_, first, begin, scan->good_bytes); !safe) return safe.error();
                }
            }
            take_runs(scan->runs);
            entry.bytes = whole ? scan->good_bytes : scan->file_bytes;
            entry.newest_ns = scan->newest_ns;
            newer_began_ns_ = scan->oldest_ns;
        } else {
            auto opened = files_.open(segment_path(folder_, first), file_access::read);
            if (!opened) return opened.error();
            auto const bytes = (*opened)->bytes();
            if (!bytes) return bytes.error();
            entry.bytes = *bytes;
            entry.newest_ns = newer_began_ns_;
            auto const began = first_received_ns(files_, folder_, first);
            if (!began) return began.error();
            newer_began_ns_ = *began;
        }
        found_.segments.push_back(entry);
        return true;
    }

    void take_runs(std::vector<run_key> const& runs) {
        auto const wanted = std::min(runs.size(), options_.runs_max - std::min(runs_.size(), options_.runs_max));
        runs_.insert(runs_.end(), runs.rbegin(), runs.rbegin() + static_cast<std::ptrdiff_t>(wanted));
    }

    void note(journal_recovery&& report) {
        found_.report.bytes_cut += report.bytes_cut;
        found_.report.segments_set_aside += report.segments_set_aside;
        notes_.push_back(std::move(report.notes));
    }

    file_system& files_;
    std::string const& folder_;
    recovery_options const& options_;
    std::vector<std::uint64_t> offsets_;
    recovered_topic found_;
    std::vector<run_key> runs_;                    // newest first
    std::vector<std::vector<std::string>> notes_;  // newest segment first
    std::int64_t newer_began_ns_ = 0;
};

}  // namespace

result<segment_scan> scan_segment(file_system& files, std::string const& folder, std::uint64_t first_offset,
                                  std::uint64_t limit_offset, read_depth depth) {
    auto const opened = files.open(segment_path(folder, first_offset), file_access::read);
    if (!opened) return opened.error();
    auto const bytes = (*opened)->bytes();
    if (!bytes) return bytes.error();

    segment_scan scan;
    scan.file_bytes = *bytes;
    scan.end_offset = first_offset;
    std::size_t const read_ahead = depth == read_depth::headers ? header_read_ahead_bytes : std::size_t{1} << 20U;
    segment_reader reader{**opened, read_ahead};
    auto const name = segment_name(first_offset);
    while (true) {
        auto const step = reader.next(*bytes, depth);
        if (!step) return step.error();
        if (*step == segment_step::end) return scan;
        if (*step == segment_step::damage) {
            add_damage(scan, {reader.step_begin(), reader.position()});
            if (reader.header_is_whole()) scan.hollow.push_back(reader.step_begin());
            continue;
        }
        if (reader.header().first_offset >= limit_offset) return scan;
        // An offset that was there already: not ours to give out twice.
        if (reader.header().first_offset < scan.end_offset)
            add_damage(scan, {reader.step_begin(), reader.position()});
        else
            add_frame(scan, reader.header(), reader.position(), name);
    }
}

result<recovered_topic> recover_topic(file_system& files, std::string const& folder, recovery_options const& options) {
    return recovery{files, folder, options}.run();
}

}  // namespace logpipe::journal
