// What SIGHUP reloads: certificates, keys and secrets. Each that holds some takes part by an entry, from wherever
// it was made; the list is one for the process, as the signal is.
#pragma once

#include "logpipe/result.hpp"

#include <cstdint>
#include <functional>
#include <string>

namespace logpipe {

/// Takes part until it is destroyed, which waits for a reading that goes on.
class reload_entry final {
  public:
    reload_entry() = default;
    /// @param name  of who holds the files, for the log
    /// @param reload  reads them and has the next connection use them. On failure what was read before stays.
    /// Called from any thread, and neither makes nor destroys entries.
    reload_entry(std::string name, std::function<result<>()> reload);
    reload_entry(reload_entry&& other) noexcept;
    reload_entry& operator=(reload_entry&& other) noexcept;
    ~reload_entry();

  private:
    std::uint64_t number_ = 0;  // 0: takes no part
};

/// Has all of them reload, and logs each outcome.
void reload_files();

}  // namespace logpipe
