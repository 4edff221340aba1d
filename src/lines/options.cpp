#include "lines/options.hpp"

namespace logpipe::lines {

option_set<line_options> const& options_of_lines() {
    static option_set<line_options> const set{
        text<&line_options::tag>("tag", "TAG",
                                 "Tag of the events of a source of lines; for files, a * in it is the file's path, "
                                 "var.log.nginx.access.log."),
        bytes<&line_options::line_bytes_max>(
            "line-bytes-max", "Maximum length of a line; a longer one is cut to it and becomes a dead letter.",
            {.least = 1, .most = std::uint64_t{1} << 30U}),
    };
    return set;
}

}  // namespace logpipe::lines
