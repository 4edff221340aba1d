#include "core/memory_budget.hpp"

#include "support/catch.hpp"

using namespace logpipe;

TEST_CASE("a budget is short while its shares hold more than it has", "[memory]") {
    memory_budget budget;
    memory_share pumps{budget, "pumps"};
    memory_share messages{budget, "messages"};
    pumps.set(1000);
    CHECK_FALSE(budget.is_short());  // it has no limit yet
    budget.set_limits({.held = 1000, .largest = 100});
    CHECK_FALSE(budget.is_short());
    messages.set(1);
    CHECK(budget.is_short());
    pumps.set(500);
    CHECK_FALSE(budget.is_short());
    CHECK(budget.held() == 501);
}

TEST_CASE("shares of one name are one holder, and let go of what they hold with their end", "[memory]") {
    memory_budget budget;
    memory_share first{budget, "messages"};
    first.set(10);
    {
        memory_share second{budget, "messages"};
        second.set(20);
        memory_share moved{std::move(second)};
        memory_share const acks{budget, "acks"};
        auto const now = budget.status();
        REQUIRE(now.holders.size() == 2);
        CHECK((now.holders[0].holder == "acks" && now.holders[0].bytes == 0));
        CHECK((now.holders[1].holder == "messages" && now.holders[1].bytes == 30));
    }
    CHECK(budget.held() == 10);
    budget.waited();
    CHECK(budget.status().waits == 1);
}
