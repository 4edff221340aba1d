#include "message_portions.hpp"

#include "core/assert.hpp"
#include "core/chunk_hash.hpp"

#include <fmt/format.h>

namespace logpipe::forward {

namespace {

// Decompressed at a time. Most messages are smaller as a whole.
constexpr std::size_t text_bytes = 2 * message_portions::portion_bytes;

}  // namespace

result<> message_portions::open(forward_limits const& limits, bool has_id) {
    auto const how = message_.compression;
    if (how == forward_compression::none) {
        if (has_id) first_id_ = chunk_hash(message_.tag, message_.chunk, message_.entries);
        is_open_ = true;
        return {};
    }
    text_.clear();
    packed_.emplace(how, message_.entries);
    if (message_.entries.empty()) return error{errc::corrupt, fmt::format("bad {}: no bytes", packed_->format())};
    chunk_hasher hasher;
    hasher.begin(message_.tag, message_.chunk);
    std::size_t bytes = 0;
    while (true) {
        if (auto done = packed_->read(text_, text_bytes); !done) return done;
        bytes += text_.size();
        if (bytes > limits.decompressed_bytes_max)
            return error{errc::too_large, fmt::format("{} inflates to more than {} bytes", packed_->format(),
                                                      limits.decompressed_bytes_max)};
        hasher.add_entries(text_);
        if (packed_->has_ended()) break;
        text_.clear();
    }
    if (has_id) first_id_ = hasher.finish();
    if (bytes != text_.size()) {  // not all of it is there: once more, as far as portions need it
        text_.clear();
        packed_.emplace(how, message_.entries);
    }
    is_open_ = true;
    return {};
}

void message_portions::refill() {
    if (!has_more()) return;
    text_.erase(0, at_.bytes);
    base_ += at_.bytes;
    at_.bytes = 0;
    // An entry may be longer than all that is there.
    auto const read = packed_->read(text_, text_bytes);
    LOGPIPE_ASSERT(read.has_value());  // it was decompressed before
}

}  // namespace logpipe::forward
