#include "formats/mapping_tests.hpp"

#include "core/file.hpp"
#include "formats/normalize.hpp"
#include "toml_file.hpp"

#include <cstddef>
#include <filesystem>
#include <utility>

namespace logpipe::formats {

namespace {

constexpr std::size_t file_bytes_max = std::size_t{16} << 20U;

mapping_test read_test(toml_table& from) {
    mapping_test test;
    if (!from.text("name", test.name)) from.mistake("name", "a test needs a name");
    if (!from.text("line", test.line)) from.mistake("line", "a test needs a line");
    int expected = 0;
    expected += from.text("document", test.document) ? 1 : 0;
    expected += from.text("rejected", test.rejected) ? 1 : 0;
    expected += from.text("dropped", test.dropped) ? 1 : 0;
    if (expected != 1) from.mistake("name", "one of document, rejected and dropped must be given");
    from.flag("exact", test.exact);
    from.reject_others();
    return test;
}

}  // namespace

result<mapping_tests> read_mapping_tests(std::string const& path) {
    auto const contents = read_file(system_files(), path, file_bytes_max);
    if (!contents) return contents.error();
    auto file = toml_file::parse(*contents, path);
    if (!file) return file.error();
    mapping_tests made;
    auto root = (*file)->root();
    root.text("mapping", made.mapping);
    root.text("format", made.format);
    for (auto& each : root.tables("test")) made.tests.push_back(read_test(each));
    if (made.tests.empty()) root.mistake("test", "no tests: each begins with [[test]]");
    root.reject_others();
    if (auto good = (*file)->verdict(); !good) return good.error();
    if (!made.mapping.empty() && built_in_mapping(made.mapping) == nullptr)
        made.mapping = std::filesystem::path{path}.parent_path() / made.mapping;
    return made;
}

}  // namespace logpipe::formats
