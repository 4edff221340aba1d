// What a start finds on disk, and how it is repaired: a topic always opens, and says what it cut or set aside.
#pragma once

#include "core/file.hpp"
#include "journal/journal.hpp"
#include "segment_format.hpp"
#include "segment_reader.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace logpipe::journal {

struct byte_range {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
};

struct segment_entry {
    std::uint64_t first_offset = 0;
    std::uint64_t bytes = 0;
    std::int64_t newest_ns = 0;  ///< no event in it was received later

    friend bool operator==(segment_entry const&, segment_entry const&) = default;
};

/// What the frames of one segment say.
struct segment_scan {
    std::uint64_t file_bytes = 0;
    std::uint64_t good_bytes = 0;  ///< where the last good frame ends
    std::uint64_t end_offset = 0;
    std::uint64_t events = 0;
    std::int64_t oldest_ns = 0;
    std::int64_t newest_ns = 0;
    std::vector<run_key> runs;          ///< of frames with a chunk id, oldest first
    std::vector<byte_range> damage;     ///< adjacent ranges are one
    std::vector<std::uint64_t> hollow;  ///< where frames begin whose header is whole and whose payload is not
    std::vector<std::string> lost;      ///< one line each: bytes and offsets
};

/// @param limit_offset  frames from here on are not read: the next segment has these offsets
[[nodiscard]] result<segment_scan> scan_segment(file_system& files, std::string const& folder,
                                                std::uint64_t first_offset, std::uint64_t limit_offset,
                                                read_depth depth);

struct recovered_topic {
    std::vector<segment_entry> segments;
    std::uint64_t end_offset = 0;
    std::vector<run_key> runs;  ///< the newest, oldest first
    journal_recovery report;
};

struct recovery_options {
    std::size_t runs_max = 0;    ///< how many runs are wanted
    bool every_segment = false;  ///< read and repair all, not only the last: repair
};

/// Cuts the last segment after its last good frame, wipes the magic of hollow frames in it, syncs it, and sets
/// segments without any good frame aside. Older segments are not read, except for headers of as many as `runs_max`
/// takes.
[[nodiscard]] result<recovered_topic> recover_topic(file_system& files, std::string const& folder,
                                                    recovery_options const& options);

}  // namespace logpipe::journal
