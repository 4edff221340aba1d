#include "access_time.hpp"

#include "support/catch.hpp"

using namespace logpipe;
using namespace logpipe::formats;

namespace {

constexpr std::int64_t second_ns = 1'000'000'000;

}  // namespace

TEST_CASE("an access log's time is read with its offset", "[normalize]") {
    REQUIRE(parse_access_time("17/May/2015:08:05:32 +0000") == 1'431'849'932 * second_ns);
    REQUIRE(parse_access_time("17/May/2015:10:05:32 +0200") == 1'431'849'932 * second_ns);
    REQUIRE(parse_access_time("17/May/2015:02:35:32 -0530") == 1'431'849'932 * second_ns);
    REQUIRE(parse_access_time("29/Feb/2000:00:00:00 +0000") == 951'782'400 * second_ns);
    REQUIRE(parse_access_time("31/Dec/1969:23:59:59 +0000") == -second_ns);
    REQUIRE(parse_access_time("31/Dec/2016:23:59:60 +0000") == 1'483'228'800 * second_ns);
}

TEST_CASE("what is not exactly such a time is none", "[normalize]") {
    for (auto const* const text : {"",
                                   "-",
                                   "17/May/2015:08:05:32",
                                   "17/May/2015:08:05:32 +00:00",
                                   "17/May/2015 08:05:32 +0000",
                                   "17/may/2015:08:05:32 +0000",
                                   "17/Mai/2015:08:05:32 +0000",
                                   "1/May/2015:08:05:32 +0000",
                                   "32/May/2015:08:05:32 +0000",
                                   "00/May/2015:08:05:32 +0000",
                                   "29/Feb/2015:08:05:32 +0000",
                                   "17/May/2015:24:05:32 +0000",
                                   "17/May/2015:08:60:32 +0000",
                                   "17/May/2015:08:05:61 +0000",
                                   "17/May/2015:08:05:32 +1500",
                                   "17/May/2015:08:05:32 +0060",
                                   "17/May/2015:08:05:32 00000",
                                   "17/May/2015:08:05:32 +0000 ",
                                   "17/May/1677:08:05:32 +0000",
                                   "17/May/9999:08:05:32 +0000",
                                   "17/May/2015:08:0a:32 +0000",
                                   "2015-05-17T08:05:32+00:00"}) {
        INFO(text);
        CHECK_FALSE(parse_access_time(text));
    }
}
