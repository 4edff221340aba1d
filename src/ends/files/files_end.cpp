#include "core/end_uri.hpp"
#include "core/options.hpp"
#include "core/path_tag.hpp"
#include "file_content.hpp"
#include "files/files.hpp"
#include "files_metrics.hpp"
#include "follow_source.hpp"
#include "lines/options.hpp"

#include <fmt/format.h>

namespace logpipe::files {

using namespace std::chrono_literals;

namespace {

struct source_options {
    lines::line_options lines;
    bool follow = false;
    bool no_follow = false;
    std::string state;
    std::string multiline_start;
    bool join_cut_lines = false;
    std::size_t multiline_lines_max = join_options{}.lines_max;
    std::chrono::milliseconds multiline_timeout = 2s;
};

option_set<source_options> const& options_of_source() {
    static option_set<source_options> const set{
        within<&source_options::lines>(lines::options_of_lines()),
        flag<&source_options::follow>("follow",
                                      "Follow files as they grow and are rotated, where they would be read "
                                      "to their ends only, as by produce."),
        flag<&source_options::no_follow>("no-follow", "Read files to their ends instead of following them."),
        text<&source_options::state>("state", "DIR",
                                     "Folder that keeps how far each followed file was read; default: the data "
                                     "directory where there is one, else logpipe-state."),
        text<&source_options::multiline_start>(
            "multiline-start", "PATTERN",
            "POSIX extended regular expression that the first line of an event matches; lines that do not match are "
            "joined to the one before them, such as a stack trace. For followed files."),
        flag<&source_options::join_cut_lines>(
            "join-cut-lines",
            "Join the lines that a container's runtime has cut at 16 KiB: CRI's with P and F, those of Docker's "
            "json-file. For followed files."),
        count<&source_options::multiline_lines_max>("multiline-lines-max",
                                                    "Maximum lines of an event; the next line begins another.",
                                                    {.least = 2, .most = 100'000}),
        duration<&source_options::multiline_timeout>("multiline-timeout",
                                                     "An event is complete when no line has followed for this time."),
    };
    return set;
}

/// A pipe or a device has neither a place to read on from nor a second name.
bool is_stream(std::string const& path) {
    if (path == "-") return true;
    auto const about = facts_of(path);
    return about && !about->is_regular && !about->is_folder;
}

bool writes_forward(std::string const& uri) {
    auto const to = parse_uri(uri);
    return to && (to->scheme == "forward" || to->scheme == "forwards");
}

result<std::unique_ptr<source>> make_source_end(end_request const& request) {
    auto made = options_of_source().read(request.values);
    if (!made) return made.error();
    if (made->follow && made->no_follow)
        return error{errc::invalid_argument, "--follow and --no-follow: only one of them can be given"};
    auto const& path = request.uri.rest;
    // Who has a name for its position keeps one for each file; without it, a run repeats itself by its id alone.
    bool const is_remembered = !request.group.empty() || made->follow;
    join_options joins{.lines_max = made->multiline_lines_max,
                       .bytes_max = made->lines.line_bytes_max,
                       .timeout = made->multiline_timeout};
    if (!made->multiline_start.empty()) {
        auto start = start_pattern::compile(made->multiline_start);
        if (!start) return in_context("--multiline-start", start.error());
        joins.start = *std::move(start);
    }
    joins.joins_cut_lines = made->join_cut_lines;
    if (joins.start && joins.joins_cut_lines)
        return error{errc::invalid_argument, "--multiline-start and --join-cut-lines: only one of them can be given"};
    if (!is_remembered || is_stream(path)) {
        if (joins.start || joins.joins_cut_lines)
            return error{errc::invalid_argument,
                         fmt::format("--{}: {} is not followed: only the lines of followed files are joined",
                                     joins.start ? "multiline-start" : "join-cut-lines", path)};
        if (path == "-" && made->lines.tag.contains('*'))
            return error{errc::invalid_argument, "--tag: a * is a file's path, and standard input has none"};
        made->lines.tag = tag_of_file(made->lines.tag, real_path(path));
        made->lines.run_id = request.run_id;
        return make_file_source(path, std::move(made->lines));
    }
    auto folder = made->state;
    if (folder.empty()) folder = request.state_folder.empty() ? "logpipe-state" : request.state_folder;
    auto group = request.group.empty() ? std::string{"produce"} : request.group;
    auto const open_book = [&]() -> result<std::shared_ptr<shared_resource>> {
        auto opened = positions_book::open(folder, group, {});
        if (!opened) return opened.error();
        return std::shared_ptr<shared_resource>{*std::move(opened)};
    };
    auto book = request.share(fmt::format("files {}/{}", folder, group), open_book);
    if (!book) return book.error();
    bool const until_end = made->no_follow || (request.until_end && !made->follow);
    return make_follow_source({.events = {.lines = std::move(made->lines), .joins = std::move(joins)},
                               .pattern = path,
                               .until_end = until_end,
                               .keeps_cuts = writes_forward(request.other_end)},
                              std::static_pointer_cast<positions_book>(*std::move(book)));
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
    .summary =
        "Lines of files, followed as they grow and are rotated, of standard input, and to a file or standard "
        "output.",
    .form = "PATH, file:GLOB with * and [abc], - (standard input), stdout:",
    .source_options = options_of_source().rows(),
    .source_stage = "file_source",
    .sink_stage = "file_sink",
    .source_metrics = metrics::of_source(),
    .make_source = make_source_end,
    .make_sink = make_sink_end,
    .examples = {"logpipe run --from '/var/log/nginx/*.log'", "logpipe produce --file access.jsonl",
                 "tail -F access.jsonl | logpipe produce -"},
};

}  // namespace logpipe::files
