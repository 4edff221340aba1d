// A small value in a file that is written over in place, so that a full disk does not stop it. Two slots, each half of
// the file, are written in turn, so one of them is whole at any time; little-endian:
//
//   byte  size
//      0     8  magic "LPSLOT01"
//      8     8  sequence: the whole slot with the larger one holds the value
//     16     4  bytes of the value
//     20     4  CRC-32C of bytes 0 to 19 and of the value
//     24        the value; what is behind it, up to the slot's end, means nothing
#pragma once

#include "core/file.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace logpipe {

/// One thread. One process stores; others may load meanwhile.
class slot_file final {
  public:
    /// A slot is a block of the disk, so that a torn write of one cannot reach the other; but for a file of before
    /// there were slots on a disk that is full.
    static constexpr std::size_t slot_bytes_min = 4096;

    /// @param files  outlives it
    slot_file(file_system& files, std::string path) : files_{files}, path_{std::move(path)} {}

    /// The value that was stored last. A file without slots, as it was before there were any, is one value as a whole.
    /// @return errc::not_found where the file does not exist, errc::corrupt where neither slot is whole,
    /// errc::too_large for a
    ///         file above `bytes_max`.
    [[nodiscard]] result<std::string> load(std::size_t bytes_max = 2 * slot_bytes_min);
    /// What load() gives, or a newer value, is on disk when it returns: also where a store() has failed to sync it,
    /// after which it may be in memory only. While another process stores.
    [[nodiscard]] result<> sync();
    /// On disk when it returns. After a failure the value before holds, also after a power cut. Needs room only where
    /// the file does not exist yet, or where the value is too large for its slots.
    [[nodiscard]] result<> store(std::string_view value);

    [[nodiscard]] std::string const& path() const noexcept { return path_; }

  private:
    [[nodiscard]] result<> make(std::string_view value);
    [[nodiscard]] bool cut_small_slots(std::size_t value_bytes);
    [[nodiscard]] result<> write_slot(file& to, std::size_t which, std::string slot) const;

    file_system& files_;
    std::string const path_;
    std::size_t slot_bytes_ = 0;   // 0: the file is to be made
    std::size_t whole_bytes_ = 0;  // of a file without slots
    std::size_t newest_ = 0;       // of the two slots
    std::uint64_t sequence_ = 0;   // of the newest
    std::string unsure_;           // the newest as it was loaded, until it was written again
};

}  // namespace logpipe
