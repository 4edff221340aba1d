#include "files/files.hpp"
#include "lines/metrics.hpp"
#include "lines/options.hpp"

namespace logpipe::files {

namespace {

result<std::unique_ptr<source>> make_source_end(end_request const& request) {
    auto made = lines::options_of_lines().read(request.values);
    if (!made) return made.error();
    made->run_id = request.run_id;
    return make_file_source(request.uri.rest, *std::move(made));
}

result<std::unique_ptr<sink>> make_sink_end(end_request const& request) {
    return make_line_sink(request.uri.scheme == "stdout" ? "-" : request.uri.rest);
}

}  // namespace

end_descriptor const files_end{
    .name = "files",
    .source_schemes = {"file"},
    .sink_schemes = {"file", "stdout"},
    .title = "Files",
    .summary = "Lines of a file, of standard input, and to a file or standard output.",
    .form = "PATH, file:PATH, - (standard input), stdout:",
    .source_options = lines::options_of_lines().rows(),
    .source_stage = "file_source",
    .sink_stage = "file_sink",
    .source_metrics = lines::metrics::of_source(lines::metrics::size_bytes),
    .make_source = make_source_end,
    .make_sink = make_sink_end,
    .examples = {"logpipe produce --file access.jsonl", "tail -F access.jsonl | logpipe produce -"},
};

}  // namespace logpipe::files
