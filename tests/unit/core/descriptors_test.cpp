#include "core/descriptors.hpp"

#include "support/catch.hpp"

using namespace logpipe;

TEST_CASE("descriptors are shared so that some are kept for ourselves, however many connections come",
          "[descriptors]") {
    for (std::uint64_t const limit : {128U, 256U, 1024U, 4096U, 1'048'576U}) {
        CAPTURE(limit);
        auto const shares = share_descriptors(limit);
        CHECK(shares.forward_connections + 2 * shares.http_connections + descriptor_shares::kept <= limit);
        CHECK(shares.forward_connections >= limit / 4);
        CHECK(shares.http_connections <= 256);
    }
    CHECK(share_descriptors(1024).forward_connections == 708);
    CHECK(share_descriptors(1024).http_connections == 118);
}

TEST_CASE("a limit that leaves nothing still leaves a connection each", "[descriptors]") {
    for (std::uint64_t const limit : {0U, 1U, 80U, 81U}) {
        CAPTURE(limit);
        CHECK(share_descriptors(limit).forward_connections >= 1);
        CHECK(share_descriptors(limit).http_connections >= 1);
    }
}

TEST_CASE("the limit is raised as far as the system lets it be", "[descriptors]") {
    auto const raised = raise_descriptor_limit();
    CHECK(raised == descriptor_limit());
    CHECK(raise_descriptor_limit() == raised);
}
