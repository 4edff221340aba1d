#include "core/chunk_hash.hpp"

#include "support/catch.hpp"

#include <set>

using namespace logpipe;

TEST_CASE("a chunk's hash never changes: it is on disk and on the wire", "[chunk_hash]") {
    // Made by xxhash's one-shot XXH3_128bits over the lengths (64 bits, little-endian) of tag and chunk id, then the
    // three.
    REQUIRE(chunk_hash("app.follow", "chunk", "entries").text() == "g46edsqsnelk18djloug000000");
    REQUIRE(chunk_hash("", "", "").text() == "skc9l5cpsfs641fa4fng000000");
}

TEST_CASE("a chunk's hash tells tag, chunk id and entries apart", "[chunk_hash]") {
    std::set<event_id> const ids{chunk_hash("ab", "c", "d"), chunk_hash("a", "bc", "d"), chunk_hash("a", "b", "cd"),
                                 chunk_hash("abc", "", "d"), chunk_hash("", "abcd", ""), chunk_hash("", "", "abcd")};
    REQUIRE(ids.size() == 6);
    for (auto const& id : ids) {
        REQUIRE(id);
        REQUIRE(id.index() == 0);
    }
}

TEST_CASE("entries in pieces hash as in one", "[chunk_hash]") {
    std::string entries;
    for (int i = 0; i < 1'000; ++i) entries += std::to_string(i);
    auto const whole = chunk_hash("tag", "id", entries);
    chunk_hasher hasher;
    for (std::size_t const piece : {1U, 13U, 256U, 5'000U}) {
        hasher.begin("tag", "id");
        for (std::size_t at = 0; at < entries.size(); at += piece)
            hasher.add_entries(std::string_view{entries}.substr(at, piece));
        REQUIRE(hasher.finish() == whole);
        REQUIRE(hasher.finish() == whole);  // asking does not change it
    }
}
