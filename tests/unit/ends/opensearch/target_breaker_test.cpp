#include "target_breaker.hpp"

#include "support/catch.hpp"

using namespace logpipe;
using namespace logpipe::opensearch;

namespace {

using history = target_breaker::history;

struct item {
    item_fate fate;
    std::string words;
    bool names_document = false;
};

bulk_outcome response(std::vector<item> const& items) {
    bulk_outcome made;
    for (auto const& each : items) {
        if (!is_stored(each.fate))
            made.reasons.push_back({.item = static_cast<std::uint32_t>(made.items.size()),
                                    .names_document = each.names_document,
                                    .words = each.words});
        made.items.push_back(each.fate);
    }
    return made;
}

item const in{.fate = item_fate::indexed, .words = {}};

std::vector<item> many(std::size_t count, item const& each) {
    return std::vector<item>(count, each);
}

}  // namespace

TEST_CASE("the breaker opens for every document that fails with one error that is not about it", "[target_breaker]") {
    auto const fate = GENERATE(item_fate::failed, item_fate::rejected);
    target_breaker breaker{1000, 100};
    breaker.note(response(many(5, {.fate = fate, .words = "400 t: x [1]"})), history::none);
    REQUIRE(breaker.is_open());
    CHECK(breaker.reason().starts_with("paused: 400 t: x [1]; "));
    CHECK_FALSE(breaker.is_open_for_rejects());
    breaker.close();
    CHECK_FALSE(breaker.is_open());
    CHECK(breaker.reason().empty());
}

TEST_CASE("a few documents that fail in one request show nothing, until as many have failed in a row",
          "[target_breaker]") {
    target_breaker breaker{1000, 100};
    item const failed{.fate = item_fate::rejected, .words = "400 t: x"};
    for (int i = 0; i < 4; ++i) breaker.note(response({failed}), history::none);
    CHECK_FALSE(breaker.is_open());
    breaker.note(response({in}), history::none);
    for (int i = 0; i < 4; ++i) breaker.note(response({failed}), history::none);
    CHECK_FALSE(breaker.is_open());
    breaker.note(response({failed}), history::none);
    CHECK(breaker.is_open());
}

TEST_CASE("what fails beside others, for many reasons, or for what is in it, does not open the breaker",
          "[target_breaker]") {
    target_breaker breaker{1000, 100};
    auto beside = many(50, {.fate = item_fate::failed, .words = "500 t: x"});
    beside.push_back(in);
    breaker.note(response(beside), history::none);
    CHECK(breaker.proofs() == 1);
    std::vector<item> various;
    for (char c = 'a'; c < 'k'; ++c) various.push_back({.fate = item_fate::rejected, .words = std::string(1, c)});
    breaker.note(response(various), history::none);
    CHECK(breaker.proofs() == 1);
    breaker.note(response(many(50, {.fate = item_fate::rejected, .words = "field [a]", .names_document = true})),
                 history::none);
    CHECK(breaker.proofs() == 2);
    breaker.note(response(many(50, {.fate = item_fate::retry, .words = "429"})), history::none);
    breaker.note(response(many(50, {.fate = item_fate::failed, .words = "500 t: x"})), history::left_over);
    breaker.note(response(many(50, {.fate = item_fate::rejected, .words = "400 t: x"})), history::had_it_open);
    CHECK_FALSE(breaker.is_open());
}

TEST_CASE("a target that says that it is not ready opens the breaker at once, with what to do", "[target_breaker]") {
    struct hint_case {
        char const* words;
        char const* hint;
    };
    auto const each = GENERATE(
        hint_case{"400 illegal_argument_exception: pipeline with id [x] does not exist", "create that ingest pipeline"},
        hint_case{"400 illegal_argument_exception: no write index is defined for alias [a]", "is_write_index"},
        hint_case{"400 index_closed_exception: closed", "open the index"},
        hint_case{"404 index_not_found_exception: no such index", "create the index"},
        hint_case{"HTTP 401: Unauthorized", "check user name"}, hint_case{"400 odd", "correct it in OpenSearch"});
    target_breaker breaker{1000, 100};
    breaker.note(response({{.fate = item_fate::pause, .words = each.words}}), history::none);
    REQUIRE(breaker.is_open());
    CHECK(breaker.reason().contains(each.hint));
    target_breaker other{1000, 100};
    other.note(response({{.fate = item_fate::pause, .words = each.words}, in}), history::none);
    CHECK_FALSE(other.is_open());  // it is ready for others
}

TEST_CASE("the breaker opens when most of the newest were rejected, and begins from nothing when it is closed",
          "[target_breaker]") {
    target_breaker breaker{10, 4};
    for (int i = 0; i < 10; ++i) breaker.was_stored();
    for (int i = 0; i < 5; ++i) breaker.was_rejected("r");
    CHECK_FALSE(breaker.is_open());
    breaker.was_rejected("the newest");
    REQUIRE(breaker.is_open());
    CHECK(breaker.is_open_for_rejects());
    CHECK(breaker.reason().contains("6 of the last 10 documents were rejected, the newest: the newest"));
    breaker.close();
    for (int i = 0; i < 3; ++i) breaker.was_rejected("r");
    CHECK_FALSE(breaker.is_open());
    breaker.was_rejected("r");
    CHECK(breaker.is_open());
    target_breaker never{10, 0};
    for (int i = 0; i < 20; ++i) never.was_rejected("r");
    CHECK_FALSE(never.is_open());
}
