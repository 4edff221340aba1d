// What resolves a dead letter, as a journal's record and as a key of Kafka: any bytes are one or not, and one that is
// written again is read as the same.
#include "tombstone.hpp"

#include "kafka/kafka_letter.hpp"

#include "core/assert.hpp"

#include <cstdint>

using namespace logpipe;
using namespace logpipe::audit;

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    std::string_view const bytes{reinterpret_cast<char const*>(data), size};
    if (auto const read = parse_tombstone(bytes)) {
        LOGPIPE_ASSERT(read->tombstone && !read->letter);
        auto const again = parse_tombstone(
            tombstone_of({.id = read->id, .time_ms = read->time_ms, .attempts = read->attempts}, "retried", 1));
        LOGPIPE_ASSERT(again && again->id == read->id && again->time_ms == read->time_ms);
        LOGPIPE_ASSERT(again->attempts == read->attempts && again->resolved_as == "retried");
    }
    if (auto const id = kafka::id_in_letter_key(bytes))
        LOGPIPE_ASSERT(kafka::id_in_letter_key(kafka::kafka_letter_key(id, {})) == id);
    return 0;
}
