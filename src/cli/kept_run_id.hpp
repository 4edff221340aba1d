// A run id that a crash leaves behind: starting again then repeats the same events, which meet their own ids, instead
// of adding them once more. A run that came to its end takes it away.
#pragma once

#include "core/file.hpp"

#include "logpipe/result.hpp"

#include <string>

namespace logpipe::cli {

/// One thread.
class kept_run_id final {
  public:
    /// @param files  outlives it
    kept_run_id(file_system& files, std::string path) : files_{files}, path_{std::move(path)} {}

    /// The one that an earlier run left, else a new one, which is on disk before any event can have it.
    [[nodiscard]] result<std::string> take();
    /// The next run is another one, also after a power cut.
    [[nodiscard]] result<> forget();

  private:
    file_system& files_;
    std::string const path_;
};

}  // namespace logpipe::cli
