// What stands beside a committed offset in Kafka, which anybody may have written: counts or none, and what is written
// is read again.
#include "commit_metadata.hpp"

#include "core/assert.hpp"

#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    using namespace logpipe::kafka;
    std::string_view const text{reinterpret_cast<char const*>(data), size};
    for (std::int64_t const committed : {std::int64_t{-1}, std::int64_t{0}, std::int64_t{1'000'000}, INT64_MAX}) {
        auto const read = parse_commit_metadata(text, committed);
        if (!read) continue;
        LOGPIPE_ASSERT(read->counted_from >= 0);
        LOGPIPE_ASSERT(parse_commit_metadata(to_text(*read), committed) == read);
    }
    return 0;
}
