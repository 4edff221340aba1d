#include "frame_splitter.hpp"

#include "support/catch.hpp"

#include <string>
#include <vector>

using namespace logpipe::syslog;

namespace {

struct message {
    std::string text;
    bool cut = false;
    std::uint64_t missing_bytes = 0;

    friend bool operator==(message const&, message const&) = default;
    friend std::ostream& operator<<(std::ostream& out, message const& what) {
        return out << '"' << what.text << "\" cut " << what.cut << " missing " << what.missing_bytes;
    }
};

/// All messages of `input`, which comes in pieces of `first` bytes and the rest.
std::vector<message> split(std::string_view input, std::size_t first, std::size_t bytes_max = 1000) {
    frame_splitter frames{bytes_max};
    std::vector<message> got;
    auto const keep = [&](framed_message const& each) {
        got.push_back({std::string{each.text}, each.cut, each.missing_bytes});
    };
    for (auto piece : {input.substr(0, first), input.substr(first)}) {
        while (auto const each = frames.next(piece)) keep(*each);
        CHECK(piece.empty());
    }
    if (auto const last = frames.finish()) keep(*last);
    CHECK_FALSE(frames.finish());
    return got;
}

void check_all_splits(std::string_view input, std::vector<message> const& wanted, std::size_t bytes_max = 1000) {
    for (std::size_t first = 0; first <= input.size(); ++first) {
        INFO("first piece of " << first);
        REQUIRE(split(input, first, bytes_max) == wanted);
    }
    frame_splitter frames{bytes_max};
    std::vector<message> got;
    for (auto const& byte : input) {
        std::string_view one{&byte, 1};
        if (auto const each = frames.next(one)) got.push_back({std::string{each->text}, each->cut, 0});
    }
    if (auto const last = frames.finish()) got.push_back({std::string{last->text}, last->cut, last->missing_bytes});
    CHECK(got == wanted);
}

}  // namespace

TEST_CASE("each frame says how it ends, wherever its bytes are cut", "[syslog]") {
    check_all_splits("<13>a b\n11 <14>1 a\nb\nc<15>c\r\n5 <1>xy6 <2>ab\n127.0.0.1 - -\n",
                     {{"<13>a b"}, {"<14>1 a\nb\nc"}, {"<15>c"}, {"<1>xy"}, {"<2>ab"}, {"127.0.0.1 - -"}});
}

TEST_CASE("a number is a length only where a message follows it", "[syslog]") {
    check_all_splits("200 OK\n1234567890 <13>a\n0 <13>b\n12\n7<13>\n",
                     {{"200 OK"}, {"1234567890 <13>a"}, {"0 <13>b"}, {"12"}, {"7<13>"}});
}

TEST_CASE("empty messages are counted and not given", "[syslog]") {
    frame_splitter frames{100};
    std::string_view input = "\n\r\n<1>a\n\n4 <1>\n\n";
    std::vector<std::string> got;
    while (auto const each = frames.next(input)) got.emplace_back(each->text);
    CHECK(got == std::vector<std::string>{"<1>a", "<1>"});
    CHECK(frames.empty_messages() == 4);
}

TEST_CASE("a message over the limit is its beginning, and the next one is whole", "[syslog]") {
    check_all_splits("<13>abcdef\n10 <13>abcdef<14>x\n", {{"<13>abcd", true}, {"<13>abcd", true}, {"<14>x"}}, 8);
    check_all_splits("12345\n", {{"123", true}}, 3);
    check_all_splits("<13>abcd\n8 <13>abcd", {{"<13>abcd"}, {"<13>abcd"}}, 8);
}

TEST_CASE("at the end of the stream a line needs no end, and an announced message says what is missing", "[syslog]") {
    check_all_splits("<13>a", {{"<13>a"}});
    check_all_splits("12", {{"12"}});
    check_all_splits("12 ", {{"12 "}});
    check_all_splits("20 <13>abc", {{"<13>abc", false, 13}});
    check_all_splits("999999999 <13>abc", {{"<13>abc", false, 999'999'992}});
    check_all_splits("", {});
}
