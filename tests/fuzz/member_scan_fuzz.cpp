// Any line that begins an object: what the scan takes is JSON, and has the members that simdjson finds.
#include "json/member_scan.hpp"

#include <simdjson.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

void check(bool is_right, char const* what) {
    if (is_right) return;
    std::fprintf(stderr, "%s\n", what);
    std::abort();
}

std::string written(simdjson::dom::element value) {
    return simdjson::minify(value);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    std::string_view const line{reinterpret_cast<char const*>(data), size};
    if (!line.starts_with('{')) return 0;
    // What follows a line in memory is the next line.
    std::string bytes{line};
    while (bytes.size() < line.size() + 64) bytes += line;
    logpipe::formats::member_scan scan;
    if (!scan.read({bytes.data(), line.size()})) return 0;
    simdjson::dom::parser whole;
    simdjson::dom::object object;
    auto const failed = whole.parse(bytes.data(), line.size(), true).get(object);
    if (failed == simdjson::NUMBER_ERROR) return 0;  // as 1e999: JSON, and too large for its numbers
    check(failed == simdjson::SUCCESS, "taken, and not JSON");
    check(object.size() == scan.members().size(), "another number of members");
    auto member = scan.members().begin();
    simdjson::dom::parser part;
    for (auto const field : object) {
        check(field.key == member->key, "another key");
        simdjson::dom::element value;
        check(part.parse(std::string{member->value}).get(value) == simdjson::SUCCESS, "a value that is not JSON");
        check(written(value) == written(field.value), "another value");
        ++member;
    }
    return 0;
}
