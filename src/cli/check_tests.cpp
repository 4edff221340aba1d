#include "check_tests.hpp"

#include "document_values.hpp"
#include "formats/normalize.hpp"
#include "output.hpp"
#include "subcommands.hpp"
#include "transfer.hpp"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <iterator>
#include <map>

namespace logpipe::cli {

namespace {

namespace json = boost::json;

/// The receipt of each line: a document with a time is the same every day.
constexpr std::int64_t received_ns = 1'769'823'099'995'000'000;  // 2026-01-31T01:31:39.995Z

using values = std::map<std::string, json::value, std::less<>>;

result<values> values_of(std::string_view document) {
    boost::system::error_code failed;
    auto const parsed = json::parse(json::string_view{document.data(), document.size()}, failed);
    if (failed || !parsed.is_object())
        return error{errc::invalid_argument, fmt::format("the document is not a JSON object: {}", document)};
    values all;
    visit_values(parsed, {}, [&](std::string const& path, json::value const& value) { all[path] = value; });
    return all;
}

std::string shown(values const& all, std::string const& path) {
    auto const found = all.find(path);
    return found == all.end() ? "nothing" : json::serialize(found->second);
}

std::string row(std::string_view key, std::string_view expected, std::string_view got) {
    return fmt::format("    {}: expected {}, got {}\n", key, expected, got);
}

std::string difference_of_documents(formats::mapping_test const& test, std::string_view document) {
    auto const expected = values_of(test.document);
    auto const got = values_of(document);
    if (!expected) return fmt::format("    {}\n", expected.error().message);
    if (!got) return fmt::format("    {}\n", got.error().message);
    std::string out;
    for (auto const& [path, value] : *expected)
        if (auto const found = got->find(path); found == got->end() || found->second != value)
            out += row(path, json::serialize(value), shown(*got, path));
    if (!test.exact) return out;
    for (auto const& [path, value] : *got)
        if (!expected->contains(path)) out += row(path, "nothing", json::serialize(value));
    return out;
}

/// The transform's options as the file of tests says them, over those of the command line.
result<end_values> values_of(formats::mapping_tests const& file, settings const& options) {
    end_uri said{.scheme = "tests", .rest = {}, .query = {}, .whole = options.text("tests")};
    if (!file.mapping.empty()) said.query.emplace_back("mapping", file.mapping);
    if (!file.format.empty()) said.query.emplace_back("format", file.format);
    return end_values::of(said, formats::normalize_transform.options, options);
}

}  // namespace

std::string difference(formats::mapping_test const& expected, line_outcome const& got) {
    if (expected.dropped != got.dropped)
        return row("dropped", expected.dropped.empty() ? "by no rule" : expected.dropped,
                   got.dropped.empty() ? "by no rule" : got.dropped);
    if (!expected.dropped.empty()) return {};
    bool const rejects = expected.document.empty();
    if (got.reason.empty() && !rejects) return difference_of_documents(expected, got.document);
    auto const what = rejects ? fmt::format("rejected: {}", expected.rejected) : expected.document;
    if (got.reason.empty()) return row("line", what, got.document);
    if (!rejects || !got.reason.contains(expected.rejected)) return row("line", what, "rejected: " + got.reason);
    return {};
}

int check_tests(settings const& options) {
    auto const file = formats::read_mapping_tests(options.text("tests"));
    if (!file) return report_failure(options, {errc::invalid_argument, file.error().message});
    auto const values = values_of(*file, options);
    if (!values) return report_failure(options, values.error());
    std::size_t failed = 0;
    std::string out;
    for (auto const& test : file->tests) {
        // For each its own: a format that is found out must not depend on the tests before.
        auto check = line_check::make(*values);
        if (!check) return report_failure(options, check.error());
        auto const found = difference(test, check->run(test.line, "app.follow", received_ns));
        if (found.empty()) continue;
        ++failed;
        fmt::format_to(std::back_inserter(out), "{}: failed\n{}", test.name, found);
    }
    fmt::format_to(std::back_inserter(out), "{} cases passed, {} failed\n", file->tests.size() - failed, failed);
    static_cast<void>(write_data(out));
    return failed == 0 ? exit_done : exit_failed;
}

}  // namespace logpipe::cli
