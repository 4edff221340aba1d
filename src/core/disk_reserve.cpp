#include "core/disk_reserve.hpp"

#include "core/log.hpp"

#include <algorithm>

namespace logpipe {

namespace {

std::string reserve_path(std::string const& folder) {
    return folder + "/reserve";
}

}  // namespace

std::uint64_t release_reserves(file_system& files, std::string const& data_folder) {
    auto const names = files.list(data_folder);
    if (!names) return 0;
    std::uint64_t freed = 0;
    for (auto const& name : *names) {
        auto const reserve = files.open(reserve_path(data_folder + "/" + name), file_access::write);
        if (!reserve) continue;  // most have none
        auto const bytes = (*reserve)->bytes();
        if (!bytes || *bytes == 0) continue;
        if (auto const cut = (*reserve)->truncate(0); !cut)
            log_warn("{}", cut.error().message);
        else
            freed += *bytes;
    }
    if (freed > 0)
        log_warn(
            "the disk of {} is full: its reserve of {} bytes is given up for what must be written; make room there",
            data_folder, freed);
    return freed;
}

std::uint64_t spared_bytes(disk_space const& disk) noexcept {
    return std::min(std::uint64_t{64} << 20U, disk.total_bytes / 16);
}

disk_reserve::disk_reserve(file_system& files, std::string const& folder)
    : files_{files}, path_{reserve_path(folder)} {}

void disk_reserve::tend(disk_space const& disk) {
    auto const found = found_bytes();
    if (!found) return;
    if (*found < bytes_) ++given_up_;
    bytes_ = *found;
    auto const wanted = std::min(bytes_max, disk.total_bytes / 128);
    // What it gave up does not count as room: more than that must have come free.
    if (bytes_ >= wanted || disk.available_bytes < spared_bytes(disk) + 2 * wanted) return;
    if (auto made = make(wanted); !made)
        log_warn("{}", made.error().message);  // tried again, while the disk says that it has room
    else if (given_up_ > 0)
        log_info("{}: the disk has room again: {} bytes are in reserve", path_, wanted);
}

result<std::uint64_t> disk_reserve::found_bytes() const {
    auto const there = files_.open(path_, file_access::read);
    if (!there) return there.error().code == errc::not_found ? result<std::uint64_t>{0} : there.error();
    return (*there)->bytes();
}

result<> disk_reserve::make(std::uint64_t wanted) {
    auto const opened = files_.open(path_, file_access::create);
    if (!opened) return opened.error();
    if (auto made = (*opened)->allocate(wanted); !made) {
        if (auto cut = (*opened)->truncate(0); !cut) log_warn("{}", cut.error().message);
        return made;
    }
    bytes_ = wanted;
    return {};
}

}  // namespace logpipe
