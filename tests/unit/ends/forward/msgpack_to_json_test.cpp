#include "support/catch.hpp"

#include "json_to_msgpack.hpp"
#include "msgpack_to_json.hpp"
#include "msgpack_writer.hpp"

#include <limits>
#include <optional>
#include <string>
#include <vector>

using namespace logpipe;
using namespace logpipe::forward;

namespace {

struct transcoded {
    std::string text;
    transcode_problem problem = transcode_problem::none;
    std::uint64_t escaped = 0;
};

transcoded to_json(std::string_view msgpack, std::uint32_t nesting_max, known_keys& keys) {
    transcoded got;
    {
        json_writer to{got.text};
        msgpack_reader from{msgpack};
        msgpack_to_json transcoder{from, to, keys};
        got.problem = transcoder.value(nesting_max);
        got.escaped = transcoder.escaped_strings();
    }
    return got;
}

transcoded to_json(std::string_view msgpack, std::uint32_t nesting_max = 64) {
    known_keys none;
    return to_json(msgpack, nesting_max, none);
}

template <class Write>
std::string written(Write write) {
    std::string out;
    msgpack_writer writer{out};
    write(writer);
    return out;
}

std::string json_of_string(std::string_view bytes) {
    return to_json(written([&](auto& write) { write.binary(bytes); })).text;
}

std::optional<std::string> to_msgpack(std::string_view json, std::uint32_t nesting_max = 64) {
    std::string out = "before";
    if (!append_json_object_as_msgpack(out, json, nesting_max)) {
        CHECK(out == "before");
        return std::nullopt;
    }
    return out.substr(6);
}

/// JSON → msgpack → JSON.
std::string there_and_back(std::string_view json) {
    auto const msgpack = to_msgpack(json);
    REQUIRE(msgpack.has_value());
    return to_json(*msgpack).text;
}

}  // namespace

TEST_CASE("every scalar of msgpack has its JSON text", "[msgpack_to_json]") {
    using namespace std::string_literals;
    CHECK(to_json("\xc0").text == "null");
    CHECK(to_json("\xc2").text == "false");
    CHECK(to_json("\xc3").text == "true");
    CHECK(to_json("\x7f").text == "127");
    CHECK(to_json("\xe0").text == "-32");
    CHECK(to_json("\xcc\xff").text == "255");
    CHECK(to_json("\xcf\xff\xff\xff\xff\xff\xff\xff\xff").text == "18446744073709551615");
    CHECK(to_json("\xd0\x80").text == "-128");
    CHECK(to_json("\xd1\xff\x00"s).text == "-256");
    CHECK(to_json("\xd2\xff\xff\xff\xff").text == "-1");
    CHECK(to_json("\xd3\x80\x00\x00\x00\x00\x00\x00\x00"s).text == "-9223372036854775808");
    CHECK(to_json("\xd3\x00\x00\x00\x00\x00\x00\x00\x05"s).text == "5");
    CHECK(to_json("\xca\x3f\xc0\x00\x00"s).text == "1.5");
    CHECK(to_json("\xd6\x05"
                  "abcd")
              .text == R"({"ext_type":5,"base64":"YWJjZA=="})");
    CHECK(to_json("\xc7\x00\xff"s).text == R"({"ext_type":-1,"base64":""})");
}

TEST_CASE("a double is written shortest, and always reads back as a double", "[msgpack_to_json]") {
    auto const text = [](double value) { return to_json(written([&](auto& write) { write.real(value); })).text; };
    CHECK(text(1) == "1.0");
    CHECK(text(-0.0) == "-0.0");
    CHECK(text(0.1) == "0.1");
    CHECK(text(1e22) == "1e+22");
    CHECK(text(-1.7976931348623157e308) == "-1.7976931348623157e+308");
    CHECK(text(std::numeric_limits<double>::quiet_NaN()) == R"("NaN")");
    CHECK(text(std::numeric_limits<double>::infinity()) == R"("Infinity")");
    CHECK(text(-std::numeric_limits<double>::infinity()) == R"("-Infinity")");
}

TEST_CASE("strings are escaped where JSON requires it, wherever in the string that is", "[msgpack_to_json]") {
    using namespace std::string_literals;
    CHECK(json_of_string("") == R"("")");
    CHECK(json_of_string("\"\\\b\f\n\r\t\x01\x1f\x7f/"s) == "\"\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u001f\x7f/\"");
    CHECK(json_of_string("a\0b"s) == R"("a\u0000b")");
    CHECK(json_of_string("grüße 日本 🙂") == "\"grüße 日本 🙂\"");
    for (std::size_t length = 0; length < 40; ++length) {
        for (std::size_t at = 0; at < length; ++at) {
            std::string text(length, 'x');
            text[at] = '"';
            auto expected = text;
            expected.replace(at, 1, "\\\"");
            REQUIRE(json_of_string(text) == "\"" + expected + "\"");
        }
    }
}

TEST_CASE("bytes that are not UTF-8 are escaped so that they can be read back exactly", "[msgpack_to_json]") {
    auto const binary = [](std::string_view bytes) {
        return to_json(written([&](auto& write) { write.binary(bytes); }));
    };
    CHECK(binary("\xff").text == "\"\xee\xbf\xbf\"");  // U+EFFF
    CHECK(binary("a\x80z").text == "\"a\xee\xbe\x80z\"");
    CHECK(binary("\xff").escaped == 1);
    CHECK(binary("é").escaped == 0);
    std::vector<std::string> const all{"\xff\xfe",         "\xc3",         "\xc3\xa9\xc3", "\xed\xa0\x80",
                                       "\xc0\x80",         "\xf5\x80\x80", "\xe2\x82",     "\xee\xbe\x80",
                                       "\xee\xbf\xbf\x80", "x\xf0\x9f",    "\x80 \" \\ \n"};
    for (auto const& bytes : all) {
        auto const record = written([&](auto& write) {
            write.map(1);
            write.string("k");
            write.string(bytes);
        });
        auto const json = to_json(record);
        CHECK(json.escaped == 1);
        CHECK(to_msgpack(json.text) == record);
    }
}

TEST_CASE("keys that are not strings become strings", "[msgpack_to_json]") {
    using namespace std::string_literals;
    CHECK(to_json("\x85\x01\xc0\xc0\xc0\xc3\xc0\xff\xc0\xc4\x01k\xc0").text ==
          R"({"1":null,"null":null,"true":null,"-1":null,"k":null})");
    CHECK(to_json("\x81\xcb\x7f\xf0\x00\x00\x00\x00\x00\x00\x01"s).text == R"({"Infinity":1})");
    CHECK(to_json("\x81\x90\x01").problem == transcode_problem::bad_key);
    CHECK(to_json("\x81\x80\x01").problem == transcode_problem::bad_key);
    CHECK(to_json("\x81\xd4\x01\x01\x01").problem == transcode_problem::bad_key);
}

TEST_CASE("a record reads the same whatever keys the records before it had", "[msgpack_to_json]") {
    std::vector<std::string> const records{
        R"({"time":"a","remote_ip":"b","response":200})",
        R"({"time":"a","remote_ip":"b","response":200})",
        R"({"remote_ip":"a","time":"b","response":[{"time":1,"remote_ip":{"time":2}}]})",
        R"({"tim":1,"times":2,"":3,"r":4})",
        R"({"a key of fifteen":1,"a key of 15 byt":2,"a key of 14 by":3})",
        R"({"a key of fifteem":1,"a key of 15 byu":2,"a key of 14 bz":3})",
        R"({"\"\u0001\u0002\u0003\u0004\u0005":1,"\"\u0001\u0002\u0003\u0004\u0006":2})",
        R"({"":1})",
        R"({})"};
    known_keys keys;
    for (auto const& before : records) {
        for (auto const& record : records) {
            CAPTURE(before, record);
            CHECK(to_json(to_msgpack(before).value(), 64, keys).text == before);
            CHECK(to_json(to_msgpack(record).value(), 64, keys).text == record);
        }
    }
    // Numbers as keys, and bytes that are not UTF-8 and must be counted each time.
    auto const numbers = written([](auto& write) {
        write.map(2);
        write.unsigned_integer(200);
        write.nil();
        write.binary("\xff");
        write.nil();
    });
    for (int i = 0; i < 2; ++i) {
        auto const got = to_json(numbers, 64, keys);
        CHECK(got.text == "{\"200\":null,\"\uefff\":null}");
        CHECK(got.escaped == 1);
    }
    // The key alone, with the rest cut off.
    CHECK(to_json(std::string_view{numbers}.substr(0, 3), 64, keys).problem == transcode_problem::broken);
}

TEST_CASE("nesting has a limit, truncation and unused bytes are reported", "[msgpack_to_json]") {
    CHECK(to_json(std::string(64, '\x91') + "\x01").problem == transcode_problem::none);
    CHECK(to_json(std::string(65, '\x91') + "\x01").problem == transcode_problem::too_deep);
    CHECK(to_json(std::string(1'000'000, '\x91')).problem == transcode_problem::too_deep);
    CHECK(to_json("\xc1").problem == transcode_problem::broken);
    CHECK(to_json("\x82\x01\x02").problem == transcode_problem::broken);
    CHECK(to_json("\xdb\xff\xff\xff\xff").problem == transcode_problem::broken);
    CHECK(to_json("").problem == transcode_problem::broken);
}

TEST_CASE("a JSON object comes back as it went, without its white space", "[json_to_msgpack]") {
    CHECK(there_and_back("{}") == "{}");
    CHECK(there_and_back(" {\t\"b\" : 1 ,\r\n \"a\": [ true , false, null, {} , [] ] } ") ==
          R"({"b":1,"a":[true,false,null,{},[]]})");
    CHECK(there_and_back(R"({"a":1,"a":2})") == R"({"a":1,"a":2})");
    CHECK(there_and_back(R"({"s":"\u00e9\ud83d\ude42\/\"\\\b\f\n\r\t\u0001"})") ==
          "{\"s\":\"é🙂/\\\"\\\\\\b\\f\\n\\r\\t\\u0001\"}");
    std::string many = "{";
    for (int i = 0; i < 70'000; ++i) many += "\"k" + std::to_string(i) + "\":" + std::to_string(i) + ",";
    many.back() = '}';
    CHECK(there_and_back(many) == many);
    std::string const long_text(100'000, 'y');
    CHECK(there_and_back("{\"k\":\"" + long_text + "\"}") == "{\"k\":\"" + long_text + "\"}");
}

TEST_CASE("integers of 64 bits stay exact, other numbers are doubles", "[json_to_msgpack]") {
    auto const number = [](std::string const& text) {
        auto const back = there_and_back("{\"n\":" + text + "}");
        return back.substr(5, back.size() - 6);
    };
    for (auto const* same : {"0",      "127",    "128",         "255",         "256",
                             "65535",  "65536",  "4294967295",  "4294967296",  "18446744073709551615",
                             "-1",     "-32",    "-33",         "-128",        "-129",
                             "-32768", "-32769", "-2147483648", "-2147483649", "-9223372036854775808",
                             "1.5",    "-0.0",   "1e+22"})
        CHECK(number(same) == same);
    CHECK(number("1.10") == "1.1");
    CHECK(number("1E2") == "100.0");
    CHECK(number("-0") == "-0.0");
}

TEST_CASE("text that is not a JSON object, or cannot be carried without loss, is left to be sent as a line",
          "[json_to_msgpack]") {
    for (std::string const text : {"",
                                   " ",
                                   "null",
                                   "[1]",
                                   "\"s\"",
                                   "{",
                                   "}",
                                   "{}x",
                                   "{\"a\"}",
                                   "{\"a\":}",
                                   "{\"a\":1,}",
                                   "{a:1}",
                                   "{\"a\":01}",
                                   "{\"a\":+1}",
                                   "{\"a\":.5}",
                                   "{\"a\":1.}",
                                   "{\"a\":1e}",
                                   "{\"a\":tru}",
                                   "{\"a\":\"\n\"}",
                                   "{\"a\":\"\\x\"}",
                                   "{\"a\":\"\\u12\"}",
                                   "{\"a\":\"\\ud800\"}",
                                   "{\"a\":\"\\udc00\"}",
                                   "{\"a\":\"\\ud800\\u0041\"}",
                                   "{\"a\":\"\xff\"}",
                                   "{\"a\":\"",
                                   "{\"a\":\"\\",
                                   "{\"a\":18446744073709551616}",
                                   "{\"a\":1e999}",
                                   "{\"a\":-}",
                                   "{\"a\":-9223372036854775809}",
                                   "{\"a\":[1,]}",
                                   "{\"a\":[1",
                                   "\xef\xbb\xbf{}"})
        CHECK_FALSE(to_msgpack(text).has_value());
    CHECK(to_msgpack(R"({"a":[[1]]})", 3).has_value());
    CHECK_FALSE(to_msgpack(R"({"a":[[1]]})", 2).has_value());
}

TEST_CASE("a time is an EventTime where it fits, else whole seconds", "[msgpack_writer]") {
    using namespace std::string_literals;
    auto const time = [](std::int64_t ns) { return written([&](auto& write) { write.time(ns); }); };
    CHECK(time(0) == "\x00"s);
    CHECK(time(1'000'000'002) == "\xd7\x00\x00\x00\x00\x01\x00\x00\x00\x02"s);
    CHECK(time(-1) == "\xff");
    CHECK(time(5'000'000'000'000'000'001) == "\xcf\x00\x00\x00\x01\x2a\x05\xf2\x00"s);
}
