// PackedForward messages, decoded into batches as the forward source does it, and the other way as the forward sink
// does.
#include "chunk_encoder.hpp"
#include "event_decoder.hpp"
#include "forward_decoder.hpp"
#include "lines.hpp"
#include "part.hpp"

#include <algorithm>
#include <cstring>
#include <memory>

namespace logpipe::bench {

using namespace forward;

namespace {

constexpr std::uint32_t events_a_chunk = 1000;

prepared_part encode(bool compress) {
    auto const lines = std::make_shared<batch>(nginx_batch(events_a_chunk));
    return {.events = events_a_chunk, .bytes = lines->records.size(), .round = [lines, compress] {
                auto const message = encode_chunk(*lines, 0, lines->events.size(), "chunk", {.compress = compress});
                if (message.empty()) std::abort();
            }};
}

prepared_part decode(bool compress) {
    struct work {
        std::string message;
        forward_limits limits;
        forward_decoder decoder{limits};
        event_decoder events{{.limits = limits}};
        batch into;
    };
    auto const with = std::make_shared<work>();
    auto const lines = nginx_batch(events_a_chunk);
    with->message = encode_chunk(lines, 0, lines.events.size(), "chunk", {.compress = compress});
    return {.events = events_a_chunk, .bytes = lines.records.size(), .round = [with] {
                with->into.clear();
                std::string_view bytes = with->message;
                while (!bytes.empty()) {
                    auto const space = with->decoder.space();
                    auto const count = std::min(space.size(), bytes.size());
                    std::memcpy(space.data(), bytes.data(), count);
                    with->decoder.commit(count);
                    bytes.remove_prefix(count);
                }
                while (auto const next = with->decoder.next().value())
                    for (forward::message_portions portions{*next}; !portions.is_whole();)
                        with->events.append(portions, with->into);
                if (with->into.events.size() != events_a_chunk) std::abort();
            }};
}

}  // namespace

std::vector<part> forward_parts() {
    return {{"forward_decode", [] { return decode(false); }},
            {"forward_decode_gzip", [] { return decode(true); }},
            {"forward_encode", [] { return encode(false); }},
            {"forward_encode_gzip", [] { return encode(true); }}};
}

}  // namespace logpipe::bench
