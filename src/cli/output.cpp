#include "output.hpp"

#include "core/clean_text.hpp"

#include <unistd.h>

#include <cstdio>

namespace logpipe::cli {

bool write_data(std::string_view data) {
    static bool const terminal = isatty(STDOUT_FILENO) == 1;
    if (!terminal) return std::fwrite(data.data(), 1, data.size(), stdout) == data.size();
    auto const shown = visible_text(data);
    return std::fwrite(shown.data(), 1, shown.size(), stdout) == shown.size();
}

}  // namespace logpipe::cli
