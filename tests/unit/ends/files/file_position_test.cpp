#include "file_position.hpp"

#include "support/catch.hpp"

using namespace logpipe;
using namespace logpipe::files;

TEST_CASE("positions are read as they were written, and nothing else is", "[file_position]") {
    std::vector<file_position> const all{
        {.id = {.high = 0xfedcba9876543210U, .low = 3},
         .partition = 7,
         .path = "/var/log/a \"b\".log.1",
         .found_path = "/var/log/a \"b\".log",
         .inode = {.device = 65'024, .inode = 1'311},
         .found_ns = 1'795'556'131'128'553'500,
         .seen_ns = 1'795'556'131'128'553'501,
         .safe = {.at = {.offset = 4'711, .hash = 0xffff'ffff'ffff'ffffU}, .block_hash = 1},
         .marks = {{.offset = 64, .hash = 5}, {.offset = 128, .hash = 6}},
         .head = {.offset = 4'096, .hash = 9},
         .packed_bytes = 12,
         .packed_modified_ns = 13,
         .cuts = {4'800, 4'900}},
        {}};
    auto const text = to_json(all);
    auto const read = parse_positions(text);
    REQUIRE(read.has_value());
    REQUIRE(*read == all);
    for (std::size_t bytes = 0; bytes < text.size(); bytes += 7)
        REQUIRE(parse_positions(std::string_view{text}.substr(0, bytes)).error().code == errc::corrupt);
    REQUIRE(parse_positions(R"({"version":1,"files":[{"id":"x"}]})").error().code == errc::corrupt);
    REQUIRE(parse_positions(R"({"version":2,"files":[]})").error().code == errc::invalid_argument);
}
