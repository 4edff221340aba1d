#include "log_decoder.hpp"

#include "engine_time.hpp"
#include "support/catch.hpp"

#include <fmt/format.h>

#include <vector>

using namespace logpipe;
using namespace logpipe::docker;

namespace {

struct got_line {
    log_stream stream;
    std::int64_t time_ns;
    std::string text;
    bool ended;
    friend bool operator==(got_line const&, got_line const&) = default;
};

constexpr std::string_view first_stamp = "2026-11-24T21:35:31.128553500Z";
constexpr std::string_view second_stamp = "2026-11-24T21:35:31.128553501Z";
std::int64_t const first_ns = parse_engine_time(first_stamp).value();
std::int64_t const second_ns = parse_engine_time(second_stamp).value();

std::string frame(char stream, std::string_view stamp, std::string_view text) {
    auto const bytes = stamp.size() + 1 + text.size();
    std::string out{stream, 0, 0, 0};
    for (auto const shift : {24U, 16U, 8U, 0U}) out.push_back(static_cast<char>((bytes >> shift) & 0xffU));
    return out.append(stamp).append(" ").append(text);
}

/// The same in every cut: all at once, and byte by byte.
std::vector<got_line> decode(std::string_view bytes, log_decoder_options options = {}) {
    std::vector<got_line> whole;
    std::vector<got_line> bytewise;
    auto const into = [](std::vector<got_line>& lines) {
        return [&lines](engine_line const& line) {
            lines.push_back({line.stream, line.time_ns, std::string{line.text}, line.ended});
        };
    };
    log_decoder at_once{options};
    REQUIRE(at_once.feed(bytes, into(whole)));
    at_once.finish(into(whole));
    log_decoder slowly{options};
    for (char const c : bytes) REQUIRE(slowly.feed({&c, 1}, into(bytewise)));
    slowly.finish(into(bytewise));
    CHECK(whole == bytewise);
    return whole;
}

}  // namespace

TEST_CASE("frames are taken apart by their stream", "[log_decoder]") {
    auto const lines =
        decode(frame(1, first_stamp, "one\n") + frame(2, second_stamp, "two\n") + frame(0, second_stamp, "\n"));
    CHECK(lines == std::vector<got_line>{{log_stream::out, first_ns, "one", true},
                                         {log_stream::err, second_ns, "two", true},
                                         {log_stream::out, second_ns, "", true}});
}

TEST_CASE("the parts of a long line are joined, across frames of the other stream", "[log_decoder]") {
    std::string const part(16384, 'x');
    auto const lines = decode(frame(1, first_stamp, part) + frame(2, first_stamp, "between\n") +
                              frame(1, first_stamp, part) + frame(1, first_stamp, "end\n"));
    CHECK(lines == std::vector<got_line>{{log_stream::err, first_ns, "between", true},
                                         {log_stream::out, first_ns, part + part + "end", true}});
}

TEST_CASE("what a process wrote last without a line end is a separate line", "[log_decoder]") {
    auto const lines = decode(frame(1, first_stamp, "cut short") + frame(1, second_stamp, "the next run\n"));
    CHECK(lines == std::vector<got_line>{{log_stream::out, first_ns, "cut short", true},
                                         {log_stream::out, second_ns, "the next run", true}});
}

TEST_CASE("a log that ends within a line gives it as not ended", "[log_decoder]") {
    CHECK(decode(frame(1, first_stamp, "cut short")) ==
          std::vector<got_line>{{log_stream::out, first_ns, "cut short", false}});
    CHECK(decode(frame(1, first_stamp, "whole\n") + frame(1, first_stamp, "half").substr(0, 20)) ==
          std::vector<got_line>{{log_stream::out, first_ns, "whole", true}});
}

TEST_CASE("a line above the limit goes on in pieces that cut no character", "[log_decoder]") {
    std::string const text = std::string(1023, 'a') + "\xc3\xa4" + std::string(1022, 'b');  // ä over the border
    auto const lines = decode(frame(1, first_stamp, text + "\n"), {.terminal = false, .line_bytes_max = 1024});
    REQUIRE(lines.size() == 2);
    CHECK(lines[0].text == std::string(1023, 'a'));
    CHECK(lines[1].text == "\xc3\xa4" + std::string(1022, 'b'));
    auto const exact =
        decode(frame(1, first_stamp, std::string(2048, 'c') + "\n"), {.terminal = false, .line_bytes_max = 1024});
    CHECK(exact.size() == 2);
    auto const binary =
        decode(frame(1, first_stamp, std::string(1030, '\x80') + "\n"), {.terminal = false, .line_bytes_max = 1024});
    REQUIRE(binary.size() == 2);
    CHECK(binary[0].text.size() + binary[1].text.size() == 1030);
}

TEST_CASE("with a terminal there are not any frames, and line ends are CR LF", "[log_decoder]") {
    auto const text = fmt::format("{} one\r\n{} two\nthree\r\n", first_stamp, second_stamp);
    CHECK(decode(text, {.terminal = true}) == std::vector<got_line>{{log_stream::out, first_ns, "one", true},
                                                                    {log_stream::out, second_ns, "two", true},
                                                                    {log_stream::out, 0, "three", true}});
}

TEST_CASE("with a terminal the time between the parts of a long line is taken out", "[log_decoder]") {
    std::string const part(16384, 'y');
    auto const text = fmt::format("{0} {1}{0} {1}{0} end\r\n{2} next\r\n", first_stamp, part, second_stamp);
    auto const lines = decode(text, {.terminal = true});
    REQUIRE(lines.size() == 2);
    CHECK(lines[0].text == part + part + "end");
    CHECK(lines[1].text == "next");
    auto const full = decode(fmt::format("{0} {1}{0} \r\n", first_stamp, part), {.terminal = true});
    REQUIRE(full.size() == 1);
    CHECK(full[0].text == part);
}

TEST_CASE("a line without a time that can be read is still a line", "[log_decoder]") {
    CHECK(decode(frame(1, "yesterday", "hello\n")) ==
          std::vector<got_line>{{log_stream::out, 0, "yesterday hello", true}});
}

TEST_CASE("bytes that are not frames, and the engine's own errors, break the protocol", "[log_decoder]") {
    auto const fails = [](std::string_view bytes) {
        log_decoder decoder{{}};
        auto const fed = decoder.feed(bytes, [](engine_line const&) {});
        REQUIRE(fed.has_error());
        CHECK(fed.error().code == errc::protocol);
        return fed.error().message;
    };
    fails("HTTP/1.1 200 OK\r\n");
    fails(std::string_view{"\x01\x00\x00\x00\x7f\xff\xff\xff", 8});
    CHECK_THAT(fails(frame(3, first_stamp, "error reading the log\n")), ContainsSubstring("error reading the log"));
}

TEST_CASE("the engine's times are read to the nanosecond", "[engine_time]") {
    CHECK(parse_engine_time("1970-01-01T00:00:00.000000001Z") == 1);
    CHECK(parse_engine_time("1970-01-01T02:00:00.5+02:00") == 500'000'000);
    CHECK(parse_engine_time("1969-12-31T22:30:00-01:30").has_value() == false);
    CHECK(parse_engine_time("2026-11-24T21:35:31Z") == 1'795'556'131'000'000'000);
    CHECK(parse_engine_time("2026-11-24T21:35:31.1285535009999Z") == first_ns);
    for (auto const* bad :
         {"", "2026-11-24", "2026-13-24T21:35:31Z", "2026-02-30T21:35:31Z", "2026-11-24T24:00:00Z",
          "2026-11-24T21:35:31.Z", "2026-11-24T21:35:31", "2026-11-24T21:35:31Zx", "2026-11-24 21:35:31Z"})
        CHECK_FALSE(parse_engine_time(bad).has_value());
    CHECK(since_text(first_ns) == "1795556131.128553500");
}
