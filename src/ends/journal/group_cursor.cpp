#include "group_cursor.hpp"

#include "core/disk_reserve.hpp"
#include "core/log.hpp"

#include <fmt/format.h>

namespace logpipe::journal {

group_cursor::group_cursor(environment world, std::string folder, std::string group)
    : world_{std::move(world)},
      folder_{std::move(folder)},
      group_{std::move(group)},
      stored_in_{*world_.files, cursor_path(folder_, group_)} {}

result<> group_cursor::open(std::uint64_t oldest_offset) {
    if (!group_name_is_good(group_))
        return error{
            errc::invalid_argument,
            fmt::format("invalid group name \"{}\": expected 1 to 100 letters, digits, \"-\", \"_\" or \".\"", group_)};
    // An empty file takes room too, on a disk that has not even that.
    auto const data_folder = folder_of(folder_);
    if (auto locked = with_reserve(*world_.files, data_folder, [this] { return lock(); }); !locked) return locked;
    if (auto begun = begin(oldest_offset); !begun) {
        lock_.reset();
        return begun;
    }
    return {};
}

result<> group_cursor::lock() {
    if (auto made = make_lasting_folder(*world_.files, cursors_folder(folder_)); !made) return made;
    auto opened = world_.files->open(fmt::format("{}.lock", cursor_path(folder_, group_)), file_access::create);
    if (!opened) return opened.error();
    if (auto locked = (*opened)->lock(); !locked) {
        if (locked.error().code != errc::busy) return locked;
        return error{errc::busy,
                     fmt::format("{} is read by another source of the group {}: stop that one, or choose another group",
                                 folder_, group_)};
    }
    lock_ = *std::move(opened);
    return {};
}

result<> group_cursor::begin(std::uint64_t oldest_offset) {
    auto loaded = load_cursor(stored_in_);
    if (loaded) {
        at_ = stored_ = *loaded;
        return {};
    }
    if (loaded.error().code == errc::corrupt)
        log_error("{}: the group restarts with the oldest event, and its counts with 0", loaded.error().message);
    else if (loaded.error().code != errc::not_found)
        return loaded.error();
    at_ = {.offset = oldest_offset, .counts = {}};
    return store();
}

void group_cursor::move(std::uint64_t offset, event_counts const& counts) {
    at_.offset = offset;
    at_.counts += counts;
}

std::chrono::steady_clock::time_point group_cursor::due() const noexcept {
    return at_ == stored_ ? std::chrono::steady_clock::time_point::max() : stored_at_ + store_interval;
}

result<> group_cursor::store() {
    auto const value = encode_cursor(at_);
    auto stored = with_reserve(*world_.files, folder_of(folder_), [&] { return stored_in_.store(value); });
    if (!stored) return stored;
    stored_ = at_;
    stored_at_ = world_.steady();
    return {};
}

}  // namespace logpipe::journal
