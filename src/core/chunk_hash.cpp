#include "core/chunk_hash.hpp"

#include "core/bytes.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <array>

namespace logpipe {

struct chunk_hasher::state {
    // Lives in the object, not on the heap of the library: the streaming state must be 64-byte aligned.
    alignas(64) XXH3_state_t hash;
};

chunk_hasher::chunk_hasher() : state_{std::make_unique<state>()} {}
chunk_hasher::~chunk_hasher() = default;
chunk_hasher::chunk_hasher(chunk_hasher&&) noexcept = default;
chunk_hasher& chunk_hasher::operator=(chunk_hasher&&) noexcept = default;

void chunk_hasher::begin(std::string_view tag, std::string_view chunk_id) {
    XXH3_128bits_reset(&state_->hash);
    std::array<char, 16> lengths;
    store_little(lengths.data(), static_cast<std::uint64_t>(tag.size()));
    store_little(lengths.data() + 8, static_cast<std::uint64_t>(chunk_id.size()));
    XXH3_128bits_update(&state_->hash, lengths.data(), lengths.size());
    XXH3_128bits_update(&state_->hash, tag.data(), tag.size());
    XXH3_128bits_update(&state_->hash, chunk_id.data(), chunk_id.size());
}

void chunk_hasher::add_entries(std::string_view part) {
    XXH3_128bits_update(&state_->hash, part.data(), part.size());
}

event_id chunk_hasher::finish() {
    auto const hash = XXH3_128bits_digest(&state_->hash);
    auto const id = event_id{.high = hash.high64, .low = hash.low64}.at(0);
    return id ? id : event_id{.high = 1, .low = 0};
}

event_id chunk_hash(std::string_view tag, std::string_view chunk_id, std::string_view entries) {
    thread_local chunk_hasher hasher;
    hasher.begin(tag, chunk_id);
    hasher.add_entries(entries);
    return hasher.finish();
}

}  // namespace logpipe
