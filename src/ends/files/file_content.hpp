// The bytes of a regular file: as they are, or inflated where it is gzip or zstd by its first bytes.
#pragma once

#include "file_position.hpp"
#include "logpipe/result.hpp"
#include "unique_fd.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace logpipe::files {

/// What a file is now.
struct file_facts {
    inode_id inode;
    std::uint64_t bytes = 0;
    std::int64_t modified_ns = 0;
    bool is_regular = false;
    bool is_folder = false;
    bool is_removed = false;  ///< no name leads to it any more
};

/// Of what the path leads to, through symbolic links. @return errc::not_found, or errc::invalid_argument where it may
/// not be reached
[[nodiscard]] result<file_facts> facts_of(std::string const& path);

/// One thread.
class file_content {
  public:
    virtual ~file_content() = default;
    /// Content from `offset` on, until `into` is full or the content ends for now. Of a compressed file cheap only
    /// where `offset` is where the last call ended.
    /// @return errc::corrupt for a compressed file that is damaged or ends in the middle
    [[nodiscard]] virtual result<std::size_t> read_at(std::uint64_t offset, std::span<char> into) = 0;
    [[nodiscard]] virtual result<file_facts> facts() const = 0;
    /// A compressed file does not grow: what it holds is known when it was read.
    [[nodiscard]] virtual bool is_compressed() const = 0;
};

/// @return errc::rejected for content that is not lines, with the words for people
[[nodiscard]] result<std::unique_ptr<file_content>> open_content(std::string const& path);

}  // namespace logpipe::files
