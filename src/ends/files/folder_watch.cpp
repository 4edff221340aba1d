#include "folder_watch.hpp"

#include <sys/inotify.h>
#include <sys/vfs.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstring>

namespace logpipe::files {

namespace {

constexpr std::uint32_t name_events =
    IN_CREATE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ATTRIB;

/// inotify does not tell of what other hosts write there (inotify(7)). Numbers of statfs(2).
bool is_shared_with_hosts(std::string const& folder) {
    struct statfs about{};
    if (::statfs(folder.c_str(), &about) != 0) return false;
    constexpr std::array<std::uint32_t, 8> types{0x6969,     0xff534d42, 0xfe534d42, 0x517b,
                                                 0x01021997, 0x65735546, 0x00c36400, 0x5346414f};
    return std::ranges::find(types, static_cast<std::uint32_t>(about.f_type)) != types.end();
}

}  // namespace

folder_watch::folder_watch() : inotify_{::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)} {}

bool folder_watch::add(std::string const& folder) {
    if (inotify_.get() < 0) return false;
    auto const number = ::inotify_add_watch(inotify_.get(), folder.c_str(), name_events | IN_MODIFY | IN_ONLYDIR);
    if (number < 0) return false;
    watched_[folder] = number;
    return !is_shared_with_hosts(folder);
}

void folder_watch::watch(std::set<std::string> const& folders) {
    for (auto each = watched_.begin(); each != watched_.end();) {
        if (folders.contains(each->first)) {
            ++each;
            continue;
        }
        ::inotify_rm_watch(inotify_.get(), each->second);
        each = watched_.erase(each);
    }
    blind_.clear();
    // A folder that was removed and made again needs another watch; for the same one this changes nothing.
    for (auto const& folder : folders)
        if (!add(folder)) blind_.insert(folder);
}

std::string folder_watch::blind_folders() const {
    std::string all;
    for (auto const& each : blind_) all += (all.empty() ? "" : ", ") + each;
    return all;
}

folder_watch::news folder_watch::wait(steady_time until) {
    news found;
    auto const outcome = waiter_.wait_readable(inotify_.get(), until);
    found.woken = outcome == lines::wait_outcome::woken;
    if (inotify_.get() >= 0) take_events(found);
    return found;
}

void folder_watch::take_events(news& into) {
    alignas(inotify_event) std::array<char, std::size_t{16} << 10U> buffer;
    while (true) {
        auto const got = ::read(inotify_.get(), buffer.data(), buffer.size());
        if (got <= 0) return;
        for (std::size_t at = 0; at + sizeof(inotify_event) <= static_cast<std::size_t>(got);) {
            inotify_event event;
            std::memcpy(&event, buffer.data() + at, sizeof event);
            // After an overflow anything may have happened.
            into.names = into.names || (event.mask & (name_events | IN_Q_OVERFLOW | IN_IGNORED)) != 0;
            into.contents = into.contents || (event.mask & (IN_MODIFY | IN_Q_OVERFLOW)) != 0;
            at += sizeof event + event.len;
        }
    }
}

}  // namespace logpipe::files
