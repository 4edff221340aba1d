#include "content_hash.hpp"

#include "core/bytes.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <utility>

namespace logpipe::files {

namespace {

bool is_mark(std::uint64_t offset) {
    return offset >= content_hash::first_mark && (std::has_single_bit(offset) || offset % block_bytes == 0);
}

/// The bytes from `offset` to the next place that is a mark.
std::uint64_t until_mark(std::uint64_t offset) {
    auto const block_end = (offset / block_bytes + 1) * block_bytes;
    auto const power = std::bit_ceil(std::max(offset + 1, content_hash::first_mark));
    return std::min(block_end, power) - offset;
}

}  // namespace

content_hash::content_hash(content_position const& position, std::vector<content_mark> marks)
    : offset_{position.block_begin()}, marks_{std::move(marks)} {
    std::erase_if(marks_, [this](content_mark const& each) { return each.offset > offset_; });
    begin_block(position.block_hash);
}

void content_hash::add(std::string_view bytes) {
    while (!bytes.empty()) {
        auto const part = bytes.substr(0, until_mark(offset_));
        hasher_.add_entries(part);
        offset_ += part.size();
        bytes.remove_prefix(part.size());
        if (!is_mark(offset_)) continue;
        auto const hash = hasher_.finish().high;
        add_mark(hash);
        if (offset_ % block_bytes == 0) begin_block(hash);
    }
}

content_position content_hash::position() {
    // The hasher goes on after it has said its hash.
    auto const hash = offset_ % block_bytes == 0 ? block_hash_ : hasher_.finish().high;
    return {.at = {.offset = offset_, .hash = hash}, .block_hash = block_hash_};
}

void content_hash::begin_block(std::uint64_t hash) {
    block_hash_ = hash;
    std::array<char, 8> before;
    store_little(before.data(), hash);
    hasher_.begin("file", {before.data(), before.size()});
}

void content_hash::add_mark(std::uint64_t hash) {
    marks_.push_back({.offset = offset_, .hash = hash});
    auto const blocks =
        std::ranges::count_if(marks_, [](auto const& each) { return !std::has_single_bit(each.offset); });
    if (static_cast<std::size_t>(blocks) <= last_blocks) return;
    marks_.erase(std::ranges::find_if(marks_, [](auto const& each) { return !std::has_single_bit(each.offset); }));
}

}  // namespace logpipe::files
