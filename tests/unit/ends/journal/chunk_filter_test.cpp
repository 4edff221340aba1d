#include "chunk_filter.hpp"

#include "support/catch.hpp"

using namespace logpipe::journal;

namespace {

constexpr run_key key_of(std::uint64_t number) {
    return {.high = number, .low = 1};
}

}  // namespace

TEST_CASE("a chunk is recognised in its batch, among what was appended, and among what is safe", "[journal]") {
    chunk_filter chunks{8};
    chunks.begin_batch();
    CHECK_FALSE(chunks.is_duplicate(key_of(1)));
    CHECK(chunks.is_duplicate(key_of(1)));
    chunks.appended();
    chunks.begin_batch();
    CHECK(chunks.is_duplicate(key_of(1)));
    chunks.synced();
    chunks.begin_batch();
    CHECK(chunks.is_duplicate(key_of(1)));
}

TEST_CASE("a chunk of a batch that was not appended, or whose bytes were lost, is new the next time", "[journal]") {
    chunk_filter chunks{8};
    chunks.begin_batch();
    CHECK_FALSE(chunks.is_duplicate(key_of(1)));
    chunks.begin_batch();
    CHECK_FALSE(chunks.is_duplicate(key_of(1)));
    chunks.appended();
    chunks.lost();
    chunks.begin_batch();
    CHECK_FALSE(chunks.is_duplicate(key_of(1)));
}

TEST_CASE("only the newest safe chunks are remembered, and none where the filter is off", "[journal]") {
    chunk_filter chunks{2};
    for (std::uint64_t i = 1; i <= 3; ++i) chunks.remember(key_of(i));
    chunks.begin_batch();
    CHECK_FALSE(chunks.is_duplicate(key_of(1)));
    CHECK(chunks.is_duplicate(key_of(3)));
    CHECK(chunks.is_on());
    CHECK_FALSE(chunk_filter{0}.is_on());
}
