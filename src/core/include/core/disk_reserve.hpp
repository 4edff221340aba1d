// Room kept on a disk by a file that means nothing, for what must be written when the disk is full: a group's first
// position, a new segment, a run id. Each folder of a data directory may hold one, `reserve`.
#pragma once

#include "core/file.hpp"

#include <cstdint>
#include <string>

namespace logpipe {

/// Gives up the reserves of all folders in `data_folder`, and says so. @return the bytes that came free
[[nodiscard]] std::uint64_t release_reserves(file_system& files, std::string const& data_folder);

/// Does what must be done; where the disk is full, once more after the reserves of `data_folder` were given up.
template <class Action>
[[nodiscard]] auto with_reserve(file_system& files, std::string const& data_folder, Action action) {
    auto done = action();
    if (done || done.error().code != errc::storage_full || release_reserves(files, data_folder) == 0) return done;
    return action();
}

/// What of a disk is left to others: programs that share it, and the reserves.
[[nodiscard]] std::uint64_t spared_bytes(disk_space const& disk) noexcept;

/// The reserve of one folder, kept by who writes there. One thread.
class disk_reserve final {
  public:
    /// Less on a disk below 128 MiB.
    static constexpr std::uint64_t bytes_max = std::uint64_t{1} << 20U;

    /// @param files  outlives it
    disk_reserve(file_system& files, std::string const& folder);

    /// Makes it where it is not there, as soon as the disk has room again. Now and then.
    void tend(disk_space const& disk);
    /// What it takes; 0 while it is given up.
    [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }
    /// How often it was found given up, by whomever.
    [[nodiscard]] std::uint64_t given_up() const noexcept { return given_up_; }

  private:
    [[nodiscard]] result<std::uint64_t> found_bytes() const;
    [[nodiscard]] result<> make(std::uint64_t wanted);

    file_system& files_;
    std::string const path_;
    std::uint64_t bytes_ = 0;
    std::uint64_t given_up_ = 0;
};

}  // namespace logpipe
