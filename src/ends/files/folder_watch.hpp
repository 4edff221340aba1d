// Reports that something has changed in folders, by inotify(7). Where the system has none the caller polls.
#pragma once

#include "unique_fd.hpp"

#include "lines/waiter.hpp"

#include <map>
#include <set>
#include <string>

namespace logpipe::files {

/// One thread; any may call wake().
class folder_watch final {
  public:
    folder_watch();

    /// Watches these folders, and no others.
    void watch(std::set<std::string> const& folders);
    /// Whether it notices every change. inotify does not report what other hosts write to a network file system.
    [[nodiscard]] bool sees_all() const noexcept { return blind_.empty(); }
    /// The folders that are not watched, for people.
    [[nodiscard]] std::string blind_folders() const;

    struct news {
        bool names = false;     ///< some came, went or changed: what a pattern means may be other files
        bool contents = false;  ///< some were written to
        bool woken = false;
    };
    /// Until something happens, wake(), or the time.
    [[nodiscard]] news wait(steady_time until);
    /// Until wake() or the time, whatever happens.
    void rest(steady_time until) { static_cast<void>(waiter_.wait(until)); }
    void wake() noexcept { waiter_.wake(); }

  private:
    [[nodiscard]] bool add(std::string const& folder);
    void take_events(news& into);

    unique_fd inotify_;
    std::map<std::string, int> watched_;
    std::set<std::string> blind_;
    lines::waiter waiter_;
};

}  // namespace logpipe::files
