#include "core/file.hpp"
#include "file_line_sink.hpp"
#include "files/files.hpp"
#include "lines/lines.hpp"
#include "stream_line_sink.hpp"

#include <sys/stat.h>

#include <utility>

namespace logpipe::files {

std::unique_ptr<sink> make_line_sink(std::string path) {
    struct stat about{};
    bool const file = path != "-" && (stat(path.c_str(), &about) != 0 || S_ISREG(about.st_mode));
    if (file) return make_file_line_sink(std::move(path), system_files());
    return make_stream_line_sink(std::move(path));
}

}  // namespace logpipe::files
