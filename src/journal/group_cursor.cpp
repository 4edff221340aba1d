#include "group_cursor.hpp"

#include "base/log.hpp"

#include <fmt/format.h>

namespace logpipe::topic {

using std::chrono::steady_clock;

group_cursor::group_cursor(file_system& files, std::string folder, std::string group)
    : files_{files}, folder_{std::move(folder)}, group_{std::move(group)} {}

result<> group_cursor::open(std::uint64_t oldest_offset) {
    if (!group_name_is_good(group_))
        return error{
            errc::invalid_argument,
            fmt::format("\"{}\" is no group name: 1 to 100 of letters, digits, \"-\", \"_\" and \".\"", group_)};
    if (auto made = make_lasting_folder(files_, cursors_folder(folder_)); !made) return made;
    auto lock = files_.open(fmt::format("{}/{}.lock", cursors_folder(folder_), group_), file_access::create);
    if (!lock) return lock.error();
    if (auto locked = (*lock)->lock(); !locked) {
        if (locked.error().code != errc::busy) return locked;
        return error{errc::busy, fmt::format("someone else reads {} for the group {}", folder_, group_)};
    }

    auto loaded = load_cursor(files_, folder_, group_);
    if (loaded) {
        at_ = stored_ = *loaded;
    } else {
        if (loaded.error().code == errc::corrupt)
            log_error("{}: the group begins with the oldest event again, its counts with 0", loaded.error().message);
        else if (loaded.error().code != errc::not_found)
            return loaded.error();
        at_ = {.offset = oldest_offset, .counts = {}};
        if (auto stored = store(); !stored) return stored;
        if (auto synced = files_.sync_folder(cursors_folder(folder_)); !synced) return synced;
    }
    lock_ = *std::move(lock);
    return {};
}

void group_cursor::move(std::uint64_t offset, event_counts const& counts) {
    at_.offset = offset;
    at_.counts += counts;
}

steady_clock::time_point group_cursor::due() const noexcept {
    return at_ == stored_ ? steady_clock::time_point::max() : stored_at_ + store_interval;
}

result<> group_cursor::store() {
    if (auto stored = store_cursor(files_, folder_, group_, at_); !stored) return stored;
    stored_ = at_;
    stored_at_ = steady_clock::now();
    return {};
}

}  // namespace logpipe::topic
