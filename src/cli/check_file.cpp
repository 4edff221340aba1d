#include "check_file.hpp"

#include "core/clean_text.hpp"
#include "core/clock.hpp"
#include "core/log.hpp"
#include "core/path_tag.hpp"
#include "document_values.hpp"
#include "files/files.hpp"
#include "formats/normalize.hpp"
#include "output.hpp"
#include "subcommands.hpp"
#include "transfer.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <boost/json.hpp>

#include <algorithm>
#include <filesystem>
#include <iterator>

namespace logpipe::cli {

namespace {

namespace json = boost::json;

constexpr std::size_t example_bytes_max = 80;
constexpr std::string_view repaired_key = "_repaired";  // what the transform names it

/// On one line of a screen.
std::string shortened(std::string_view text) {
    auto shown = clean_line(text.substr(0, example_bytes_max));
    return text.size() > example_bytes_max ? shown + "…" : shown;
}

}  // namespace

void lines_summary::group::add(std::uint64_t number, std::string_view line) {
    ++lines;
    if (numbers.size() < examples_max) numbers.push_back(number);
    if (example.empty()) example = shortened(line);
}

std::string lines_summary::group::text(std::string_view what) const {
    if (lines == 0) return {};
    return fmt::format("{:>12} {}: line {}{}\n{:>12} {}\n", lines, what, fmt::join(numbers, ", "),
                       lines > numbers.size() ? ", …" : "", "", example);
}

void lines_summary::add(std::uint64_t line_number, std::string_view line, line_outcome const& outcome) {
    ++lines_;
    if (!outcome.reason.empty()) {
        ++rejected_;
        auto reason = clean_line(outcome.reason);
        auto found = rejections_.find(reason);
        if (found == rejections_.end() && rejections_.size() < reasons_max)
            found = rejections_.emplace(std::move(reason), group{}).first;
        (found == rejections_.end() ? other_rejections_ : found->second).add(line_number, line);
        return;
    }
    if (!outcome.dropped.empty()) {
        ++dropped_[outcome.dropped];
        return;
    }
    ++documents_;
    if (outcome.is_raw)
        raw_.add(line_number, line);
    else if (outcome.is_without_fields)
        without_fields_.add(line_number, line);
    add_document(outcome.document);
}

void lines_summary::add_document(std::string_view document) {
    boost::system::error_code failed;
    auto const parsed =
        json::parse(json::string_view{document.data(), document.size()}, failed, {}, {.max_depth = 256});
    if (failed) return;  // what the transform makes is JSON
    visit_values(parsed, {}, [&](std::string const& path, json::value const& value) {
        if (path == repaired_key && value.is_array()) {
            ++repaired_;
            for (auto const& kind : value.as_array()) ++repairs_[json::value_to<std::string>(kind)];
            return;
        }
        auto found = field_indices_.find(path);
        if (found == field_indices_.end()) {
            if (fields_.size() == fields_max) return void(++unlisted_fields_);
            found = field_indices_.emplace(path, fields_.size()).first;
            fields_.push_back({.path = path, .example = shortened(json::serialize(value))});
        }
        ++fields_[found->second].lines;
    });
}

std::string lines_summary::text() const {
    auto out = fmt::format("{:>12} lines\n{:>12} documents\n", lines_, documents_);
    auto const to = std::back_inserter(out);
    if (repaired_ > 0) {
        fmt::format_to(to, "{:>12} repaired:", repaired_);
        for (auto const& [kind, count] : repairs_) fmt::format_to(to, " {} {}", kind, count);
        out += '\n';
    }
    out += raw_.text("raw, text of none of the formats");
    out += without_fields_.text("without any field of the mapping");
    for (auto const& [rule, count] : dropped_) fmt::format_to(to, "{:>12} dropped by the rule {}\n", count, rule);
    if (rejected_ > 0) fmt::format_to(to, "{:>12} rejected\n", rejected_);
    for (auto const& [reason, lines] : rejections_) out += lines.text("rejected: " + reason);
    out += other_rejections_.text("rejected for other reasons");
    if (fields_.empty()) return out;
    std::size_t width = 0;
    for (auto const& each : fields_) width = std::max(width, each.path.size());
    width = std::min(width, example_bytes_max);
    fmt::format_to(to, "\n{:>12} {:{}}  {}\n", "lines with", "field", width, "example");
    for (auto const& each : fields_)
        fmt::format_to(to, "{:>12} {:{}}  {}\n", each.lines, clean_line(each.path), width, each.example);
    if (unlisted_fields_ > 0) fmt::format_to(to, "{:>12} values of other fields\n", unlisted_fields_);
    return out;
}

namespace {

/// Reads all lines of a file.
template <class Visit>
result<> for_each_line(std::string const& path, lines::line_options options, Visit&& visit) {
    auto const from = files::make_file_source(path, std::move(options));
    if (auto opened = from->open(); !opened) return opened.error();
    batch lines;
    while (true) {
        lines.clear();
        auto const read = from->read(lines, std::chrono::steady_clock::now() + std::chrono::seconds{1});
        for (std::size_t i = 0; i < lines.events.size(); ++i) {
            auto const& row = lines.events[i];
            auto const rejection = std::ranges::find(lines.rejections, i, &rejection::event);
            visit(row.offset + 1, lines.record(row),
                  rejection == lines.rejections.end() ? std::string{} : rejection->reason);
        }
        if (!read) return read.error().code == errc::end_of_input ? result<>{} : read.error();
    }
}

}  // namespace

int check_file(settings const& options) {
    auto const& path = options.text("file");
    auto const table = formats::mapping_of(options);
    if (!table) return report_failure(options, table.error());
    auto check = line_check::make(options);
    if (!check) return report_failure(options, check.error());
    // --nginx-conf knows files by their whole paths.
    auto const tag = path == "-"                          ? std::string{"standard input"}
                     : options.text("nginx-conf").empty() ? std::filesystem::path{path}.filename().string()
                                                          : path_tag(real_path(path));
    auto const received_ns = now_ns();
    auto const shown = options.count("lines");
    lines_summary summary;
    auto const read = for_each_line(path, {.tag = tag, .line_bytes_max = options.bytes("line-bytes-max")},
                                    [&](std::uint64_t number, std::string_view line, std::string const& reason) {
                                        auto outcome = reason.empty() ? check->run(line, tag, received_ns)
                                                                      : line_outcome{.reason = reason};
                                        summary.add(number, line, outcome);
                                        if (number > shown) return;
                                        if (!outcome.dropped.empty())
                                            log_warn("check: line {}: dropped by the rule {}", number, outcome.dropped);
                                        else if (outcome.reason.empty())
                                            static_cast<void>(write_data(std::string{outcome.document} + '\n'));
                                        else
                                            log_warn("check: line {}: rejected: {}", number, outcome.reason);
                                    });
    if (!read) return report_failure(options, read.error());
    auto const chosen = check->formats();
    static_cast<void>(write_data(fmt::format("\n{}, mapping {}\n{}",
                                             chosen.empty() ? fmt::format("{}: {}", tag, table->table.format) : chosen,
                                             table->table.name, summary.text())));
    return summary.has_good_lines() ? exit_done : exit_failed;
}

}  // namespace logpipe::cli
