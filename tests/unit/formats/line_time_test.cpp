#include "line_time.hpp"

#include "access_time.hpp"

#include "support/catch.hpp"

#include <fmt/format.h>

#include <limits>
#include <string>

using namespace logpipe;
using namespace logpipe::formats;

namespace {

/// With the readable bytes that a value in a line has after it.
class value_text {
  public:
    explicit value_text(std::string_view text) : bytes_{text}, size_{text.size()} {
        bytes_.resize(size_ + time_reader::text_bytes_max, 'x');
    }
    [[nodiscard]] std::string_view view() const { return std::string_view{bytes_}.substr(0, size_); }

  private:
    std::string bytes_;
    std::size_t size_;
};

std::optional<std::int64_t> read(time_reader& reader, std::string_view text) {
    return reader.read(value_text{text}.view());
}

plan_step times_step() {
    plan_step step{.what = plan_step::kind::times, .bytes = {}, .choices = {}, .parts = {}};
    step.parts.push_back({.what = field_source::time, .bytes = R"(,"@timestamp":)"});
    step.parts.push_back({.what = field_source::time_millis, .bytes = R"(,"time":)"});
    for (auto& part : step.parts) part.bytes.reserve(part.bytes.size() + document_writer::block_bytes);
    return step;
}

}  // namespace

TEST_CASE("times of one day are read as each would be alone", "[formats]") {
    time_reader reader{time_format::any};
    for (auto const* date : {"17/May/2015", "29/Feb/2024", "01/Jan/1678", "31/Dec/1969"})
        for (auto const* zone : {"+0000", "-0330", "+1400"})
            for (auto const* time : {"00:00:00", "23:59:59", "23:59:60", "08:05:32", "08:05:32"}) {
                auto const text = fmt::format("{}:{} {}", date, time, zone);
                CAPTURE(text);
                REQUIRE(parse_access_time(text));
                CHECK(read(reader, '"' + text + '"') == parse_access_time(text));
            }
}

TEST_CASE("a time that does not exist is none on a day that is known, too", "[formats]") {
    time_reader reader{time_format::any};
    REQUIRE(read(reader, R"("17/May/2015:08:05:32 +0000")"));
    for (auto const* const wrong :
         {"24:00:00", "23:60:00", "23:59:61", "2x:00:00", "23-59-00", "1:2:3:4:", "        "}) {
        CAPTURE(wrong);
        CHECK_FALSE(read(reader, fmt::format(R"("17/May/2015:{} +0000")", wrong)));
    }
    CHECK_FALSE(read(reader, R"("17/May/2015:08:05:32 +0060")"));
    CHECK_FALSE(read(reader, R"("32/May/2015:08:05:32 +0000")"));
    CHECK(read(reader, R"("17/May/2015:08:05:33 +0000")") == parse_access_time("17/May/2015:08:05:33 +0000"));
}

TEST_CASE("a day that was read is none of another form", "[formats]") {
    time_reader reader{time_format::any};
    REQUIRE(read(reader, R"("17/May/2015:08:05:32 +0000")"));
    CHECK(read(reader, R"("2015-05-17T08:05:32.12345Z")") == 1'431'849'932'123'450'000);
    CHECK(read(reader, R"("17\/May\/2015:08:05:32 +0000")") == 1'431'849'932'000'000'000);
    CHECK_FALSE(read(reader, R"("17/May/2015:08:05:32 +0000 and more")"));
}

TEST_CASE("times of one day are written as each would be alone", "[formats]") {
    constexpr std::int64_t day_ns = 86'400'000'000'000;
    auto const step = times_step();
    written_times times;
    for (std::int64_t const day : {0, 1, 20'000, -1, -20'000, 84'000, 106'750, -106'750})
        for (std::int64_t const in_day :
             {std::int64_t{1}, std::int64_t{999'999}, std::int64_t{1'000'000}, std::int64_t{82'799'995'470'770},
              std::int64_t{82'799'995'000'000}, day_ns - 1, std::int64_t{82'799'995'470'770}}) {
            auto const time_ns = day * day_ns + in_day;
            auto const millis =
                time_ns >= 0 || time_ns % 1'000'000 == 0 ? time_ns / 1'000'000 : time_ns / 1'000'000 - 1;
            CHECK(times.of(step, time_ns) ==
                  fmt::format(R"(,"@timestamp":"{}","time":{})", exact_iso_time(time_ns), millis));
        }
}

TEST_CASE("the first and the last time are written", "[formats]") {
    auto const step = times_step();
    written_times times;
    for (auto const time_ns : {std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::min() + 1,
                               std::int64_t{1}, std::numeric_limits<std::int64_t>::max()})
        CHECK(times.of(step, time_ns).contains('"' + exact_iso_time(time_ns) + '"'));
    CHECK(times.of(step, 0).empty());
}
