#include "event_rows.hpp"

#include "support/catch.hpp"

#include <set>
#include <string>

using namespace logpipe;
using namespace logpipe::ingest;

namespace {

struct request {
    std::string tag = "t";
    std::string key;
    std::string body = "a\nb\n";
    body_kind kind = body_kind::lines;
};

batch rows_of(request const& from, std::size_t event_bytes_max = 1000) {
    event_rows rows{event_bytes_max};
    auto const events = split_body(from.body, from.kind, 1000).value();
    batch made;
    rows.append({.tag = from.tag,
                 .first_id = request_id(from.tag, from.kind, from.key, from.body),
                 .kind = from.kind,
                 .events = events,
                 .received_ns = 7},
                made);
    return made;
}

}  // namespace

TEST_CASE("the same request makes the same ids, anything else other ones", "[ingest]") {
    std::set<event_id> ids;
    for (request const& from : {request{}, request{.key = "k"}, request{.key = "l"}, request{.tag = "u"},
                                request{.body = "a\nc\n"}, request{.key = "k", .body = "a\nc\n"},
                                request{.body = "{}{}", .kind = body_kind::json}, request{.body = "{}{}"}}) {
        auto const once = rows_of(from);
        auto const again = rows_of(from);
        for (std::size_t i = 0; i < once.events.size(); ++i) {
            CHECK(once.events[i].id == again.events[i].id);
            CHECK(once.events[i].id.index() == i);
            CHECK(ids.insert(once.events[i].id).second);
        }
    }
    CHECK(ids.size() == 2 * 7 + 1);
}

TEST_CASE("an event that is too long is cut to a dead letter and the others keep their ids", "[ingest]") {
    auto const made = rows_of({.body = "a\nlonger\nb\n"}, 3);
    CHECK(made.record(made.events[1]) == "lon");
    REQUIRE(made.rejections.size() == 1);
    CHECK(made.rejections[0].event == 1);
    CHECK(made.rejections[0].reason == "event over 3 bytes");
    auto const whole = rows_of({.body = "a\nlonger\nb\n"});
    CHECK(whole.rejections.empty());
    CHECK(whole.events[2].id == made.events[2].id);
}

TEST_CASE("an object over several lines is a record of one line", "[ingest]") {
    auto const made = rows_of({.body = "[{\n\"a\":1\n}]", .kind = body_kind::json});
    CHECK(made.record(made.events[0]) == "{ \"a\":1 }");
}

TEST_CASE("a request with many events comes in portions, of so many or so much", "[ingest]") {
    std::vector<std::string_view> const small(10'000, "x");
    CHECK(portion_of(small) == ingest_message::events_max);
    CHECK(portion_of(std::span{small}.first(3)) == 3);
    std::string const half(ingest_message::bytes_max / 2, 'x');
    std::vector<std::string_view> const large(5, half);
    CHECK(portion_of(large) == 2);
    std::string const whole(ingest_message::bytes_max + 1, 'x');
    std::vector<std::string_view> const huge(2, whole);
    CHECK(portion_of(huge) == 1);
}
