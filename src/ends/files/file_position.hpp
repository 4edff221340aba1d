// What is kept of a followed file, and the file on disk that keeps it: JSON in two slots (core/slot_file.hpp).
//
//   {"version":1,"files":[{"id":"0123…32 hex digits","partition":1,"path":"/var/log/nginx/access.log",
//     "found_path":"/var/log/nginx/access.log","device":65024,"inode":1311,"found_ns":…,"seen_ns":…,"offset":4711,
//     "hash":…,"block_hash":…,"marks":[[64,…],…],"head":[4096,…],"packed":[BYTES,MODIFIED_NS],"cuts":[4800,…]}]}
//
// Numbers above 2^53 are texts of hexadecimal digits: hashes.
#pragma once

#include "content_hash.hpp"
#include "logpipe/result.hpp"

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace logpipe::files {

/// A file's own id, random, which its copies and its compressed form share: the ids of its lines are made of it.
struct file_id {
    std::uint64_t high = 0;
    std::uint64_t low = 0;

    friend auto operator<=>(file_id const&, file_id const&) = default;
};

struct inode_id {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;

    [[nodiscard]] explicit operator bool() const noexcept { return inode != 0; }
    friend auto operator<=>(inode_id const&, inode_id const&) = default;
};

struct file_position {
    file_id id;
    std::uint32_t partition = 0;  ///< of the source's contract
    std::string path;             ///< the last one by which it was meant
    std::string found_path{};     ///< the real one by which it was found: it is in the tag, which never changes
    inode_id inode{};             ///< none: the file is gone, or holds something else now
    std::int64_t found_ns = 0;    ///< the time of its events: a repeat must be equal to the byte
    std::int64_t seen_ns = 0;
    content_position safe{};              ///< everything before is safe downstream
    std::vector<content_mark> marks{};    ///< of what was read
    content_mark head{};                  ///< of what was there when it was found
    std::uint64_t packed_bytes = 0;       ///< of a compressed file that was read to its end: its size…
    std::int64_t packed_modified_ns = 0;  ///< …and time
    std::vector<std::uint64_t> cuts{};    ///< ends of chunks that were sent and are not known to be safe

    friend bool operator==(file_position const&, file_position const&) = default;
};

[[nodiscard]] std::string to_json(std::vector<file_position> const& all);
/// @return errc::corrupt for what to_json() did not write, errc::invalid_argument for a newer version.
[[nodiscard]] result<std::vector<file_position>> parse_positions(std::string_view json);

}  // namespace logpipe::files
