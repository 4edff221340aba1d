#include "core/json_writer.hpp"

#include "support/catch.hpp"

#include <boost/json.hpp>

#include <cstdint>
#include <limits>

using namespace logpipe;

TEST_CASE("objects and arrays are written with their commas, whatever is in them", "[json_writer]") {
    std::string out;
    {
        json_object whole{out};
        whole.add("text", "a \"word\"\n");
        whole.add("view", std::string_view{"v"});
        whole.add("string", std::string{"s"});
        whole.add("yes", true);
        whole.add("least", std::numeric_limits<std::int64_t>::min());
        whole.add("most", std::numeric_limits<std::uint64_t>::max());
        whole.add("none", nullptr);
        whole.add("maybe", std::optional<int>{});
        whole.add("number", std::optional{7});
        whole.add("made", json_value{R"({"x":1})"});
        static_cast<void>(whole.object("empty"));
        {
            auto const list = whole.array("none_of_them");
        }
        auto list = whole.array("list");
        list.add(1);
        list.add("two");
        {
            auto inner = list.object();
            inner.add("three", 3);
        }
        auto last = list.array();
        last.add(false);
        last.add(0.5);
    }
    CHECK(out == R"({"text":"a \"word\"\n","view":"v","string":"s","yes":true,"least":-9223372036854775808,)"
                 R"("most":18446744073709551615,"none":null,"maybe":null,"number":7,"made":{"x":1},"empty":{},)"
                 R"("none_of_them":[],"list":[1,"two",{"three":3},[false,0.5]]})");
}

TEST_CASE("numbers are as short as they are exact, and what is not finite is null", "[json_writer]") {
    auto const text_of = [](double value) {
        std::string out;
        append_json(out, value);
        return out;
    };
    CHECK(text_of(3.0) == "3");
    CHECK(text_of(0.1) == "0.1");
    CHECK(text_of(-1e300) == "-1e+300");
    CHECK(text_of(std::numeric_limits<double>::infinity()) == "null");
    CHECK(text_of(std::numeric_limits<double>::quiet_NaN()) == "null");
}

TEST_CASE("whatever the bytes of a key or text are, the result is JSON", "[json_writer]") {
    std::string all;
    for (int i = 0; i < 256; ++i) all.push_back(static_cast<char>(i));
    std::string out;
    {
        json_object whole{out};
        whole.add(all, all);
        whole.add("umlaut", "\xc3\xbc");
    }
    boost::system::error_code failed;
    auto const parsed = boost::json::parse(out, failed);
    REQUIRE(!failed);
    CHECK(parsed.at("umlaut").as_string() == "\xc3\xbc");
}
