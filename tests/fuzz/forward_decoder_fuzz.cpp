// A connection's bytes through the forward decoder into a batch, whole and in pieces of a size that the first byte
// names. Both ways must give the same events and acks, every place in the batch must be valid, and each record that was
// not rejected and is no raw line must be accepted by the sink's JSON reader again.
#include "event_decoder.hpp"
#include "forward_decoder.hpp"
#include "json_to_msgpack.hpp"

#include "core/assert.hpp"

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace logpipe;
using namespace logpipe::forward;

// Small, so that messages above it are passed over.
constexpr forward_limits limits{.message_bytes_max = std::size_t{2} << 10U,
                                .decompressed_bytes_max = std::size_t{1} << 20U,
                                .entries_max = 10'000,
                                .nesting_max = 32};

struct decoded {
    batch events;
    std::vector<std::string> chunks;  // as they would be sent back
};

decoded decode(std::string_view bytes, std::size_t piece_bytes) {
    forward_decoder decoder{limits};
    event_decoder events{{.limits = limits}};
    decoded into;
    while (!bytes.empty()) {
        auto const space = decoder.space();
        auto const count = std::min({space.size(), piece_bytes, bytes.size()});
        std::memcpy(space.data(), bytes.data(), count);
        decoder.commit(count);
        bytes.remove_prefix(count);
        while (true) {
            auto const message = decoder.next();
            if (!message) return into;
            if (!*message) break;
            if (!(*message)->chunk_msgpack.empty()) into.chunks.emplace_back((*message)->chunk_msgpack);
            for (message_portions portions{**message}; !portions.is_whole();) events.append(portions, into.events);
        }
    }
    return into;
}

void check(batch const& events) {
    for (auto const& row : events.events) {
        LOGPIPE_ASSERT(std::size_t{row.record_begin} + row.record_bytes <= events.records.size());
        LOGPIPE_ASSERT(row.tag < events.tags.size());
        auto const record = events.record(row);
        if (row.rejected || !record.starts_with('{')) continue;
        std::string msgpack;
        (void)append_json_object_as_msgpack(msgpack, record, limits.nesting_max);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    if (size < 1) return 0;
    std::string_view const bytes{reinterpret_cast<char const*>(data) + 1, size - 1};
    auto const whole = decode(bytes, bytes.size());
    auto const pieces = decode(bytes, std::size_t{data[0]} + 1);
    check(whole.events);
    LOGPIPE_ASSERT(whole.events.records == pieces.events.records);
    LOGPIPE_ASSERT(whole.events.events.size() == pieces.events.events.size());
    LOGPIPE_ASSERT(whole.events.rejections.size() == pieces.events.rejections.size());
    LOGPIPE_ASSERT(whole.chunks == pieces.chunks);
    return 0;
}
