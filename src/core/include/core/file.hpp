// Files behind an interface, so that a test can put a disk there that is full, fails, or forgets what was not synced.
#pragma once

#include "logpipe/result.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace logpipe {

/// An open file; closed, and its lock released, by the destructor. One thread writes; others may read meanwhile.
/// Failures are errc::storage_full (no space, quota, file size limit) or errc::storage_failed, unless said otherwise.
class file {
  public:
    virtual ~file() = default;
    /// Reads until `into` is full or the file ends. @return the bytes read.
    [[nodiscard]] virtual result<std::size_t> read_at(std::uint64_t offset_bytes, std::span<char> into) const = 0;
    /// Writes all of `parts`, one after the other. After a failure any part of them may be there.
    [[nodiscard]] virtual result<> write_at(std::uint64_t offset_bytes, std::span<std::string_view const> parts) = 0;
    [[nodiscard]] virtual result<> truncate(std::uint64_t bytes) = 0;
    /// What was written survives a power cut once this has returned; not so the name of a new file.
    [[nodiscard]] virtual result<> sync_data() = 0;
    [[nodiscard]] virtual result<std::uint64_t> bytes() const = 0;
    /// Makes it at least that long, with room on the disk for all of it: writing there needs no more.
    [[nodiscard]] virtual result<> allocate(std::uint64_t bytes) = 0;
    /// Whether its path still names it. @return errc::storage_failed when the file or a folder above was removed,
    /// renamed or unmounted: what is written here then is lost with us.
    [[nodiscard]] virtual result<> in_place() const = 0;
    /// Until the file is closed, also by the process's end. @return errc::busy when someone else has locked it.
    [[nodiscard]] virtual result<> lock() = 0;
};

enum class file_access {
    read,
    write,   ///< and read; the file must be there
    create,  ///< and read, write; made empty where there is none
};

struct disk_space {
    std::uint64_t total_bytes = 0;
    std::uint64_t available_bytes = 0;  ///< to this user
};

/// Any thread.
class file_system {
  public:
    virtual ~file_system() = default;
    /// @return errc::not_found when it (or, to create it, its folder) is not there.
    [[nodiscard]] virtual result<std::unique_ptr<file>> open(std::string const& path, file_access access) = 0;
    /// Replaces what is at `to`.
    [[nodiscard]] virtual result<> rename(std::string const& from, std::string const& to) = 0;
    /// @return errc::not_found when it is not there.
    [[nodiscard]] virtual result<> remove(std::string const& path) = 0;
    /// Names of the entries, sorted. @return errc::not_found when the folder does not exist.
    [[nodiscard]] virtual result<std::vector<std::string>> list(std::string const& folder) = 0;
    /// With all folders above; nothing happens where it exists. A power cut may take it away again: see
    /// make_lasting_folder().
    [[nodiscard]] virtual result<> make_folder(std::string const& folder) = 0;
    /// Names made, renamed and removed in the folder survive a power cut once this has returned.
    [[nodiscard]] virtual result<> sync_folder(std::string const& folder) = 0;
    /// Of the disk that the folder is on.
    [[nodiscard]] virtual result<disk_space> space(std::string const& folder) = 0;
};

/// The operating system's.
[[nodiscard]] file_system& system_files();

/// The whole of a small file. @return errc::too_large above `bytes_max`.
[[nodiscard]] result<std::string> read_file(file_system& files, std::string const& path, std::size_t bytes_max);
/// The file is, also after a power cut, either as before or holds `contents`. Its folder is not synced.
[[nodiscard]] result<> replace_file(file_system& files, std::string const& path, std::string_view contents);

// What a promise rests on survives a power cut once these have returned.

/// Replaces the file. After a failure it is either as before or holds `contents`.
[[nodiscard]] result<> store_file(file_system& files, std::string const& path, std::string_view contents);
/// Removes the file; nothing happens where it is not there.
[[nodiscard]] result<> remove_stored_file(file_system& files, std::string const& path);
/// Makes the folder, with all folders above, where it is not there.
[[nodiscard]] result<> make_lasting_folder(file_system& files, std::string const& folder);
/// "." where the path has no folder.
[[nodiscard]] std::string folder_of(std::string_view path);

}  // namespace logpipe
