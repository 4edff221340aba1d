#include "content_hash.hpp"

#include "support/catch.hpp"

#include <algorithm>
#include <string>

using namespace logpipe::files;

namespace {

std::string bytes(std::size_t count) {
    std::string out;
    for (std::size_t i = 0; i < count; ++i) out.push_back(static_cast<char>(i * i % 251));
    return out;
}

}  // namespace

TEST_CASE("the hash of a content does not depend on the pieces, and can be grown from its last block",
          "[content_hash]") {
    auto const all = bytes(3 * block_bytes + 1'000);
    content_hash whole;
    whole.add(all);
    content_hash pieces;
    for (std::size_t at = 0; at < all.size(); at += 7'919) pieces.add(std::string_view{all}.substr(at, 7'919));
    REQUIRE(pieces.position() == whole.position());
    REQUIRE(pieces.marks() == whole.marks());

    auto const middle = whole.position();
    content_hash grown{middle, whole.marks()};
    REQUIRE(grown.offset() == 3 * block_bytes);
    grown.add(std::string_view{all}.substr(3 * block_bytes));
    REQUIRE(grown.position() == middle);
    grown.add("more");
    whole.add("more");
    REQUIRE(grown.position() == whole.position());
}

TEST_CASE("there is a mark in the second half of every content, and they are few", "[content_hash]") {
    content_hash hash;
    std::string const block(block_bytes / 4, 'x');
    for (int i = 0; i < 200; ++i) {
        hash.add(block);
        auto const& last = hash.marks().back();
        REQUIRE(last.offset * 2 >= hash.offset());
    }
    REQUIRE(hash.marks().size() < 40);
    REQUIRE(std::ranges::is_sorted(hash.marks(), {}, &content_mark::offset));
}
