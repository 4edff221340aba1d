// The small files of a journal's folder: cursor, slots, identity, state and the request to free. Any bytes are a value
// or an error; a value that is written is read again. The sums are also made right, or nothing behind them would be
// seen.
#include "cursor_file.hpp"
#include "free_request.hpp"
#include "segment_format.hpp"
#include "state_file.hpp"
#include "topic_folder.hpp"

#include "core/assert.hpp"
#include "core/bytes.hpp"
#include "core/crc32c.hpp"
#include "one_file.hpp"

#include <fmt/format.h>

#include <cstdint>

using namespace logpipe;
using namespace logpipe::journal;

namespace {

/// The last four of the first 64 bytes become the sum of those before.
std::string summed(std::string_view bytes) {
    std::string out{bytes};
    if (out.size() >= 64) store_little(out.data() + 60, crc32c({out.data(), 60}));
    return out;
}

void read_records(std::string_view bytes) {
    if (auto const read = decode_cursor(bytes)) LOGPIPE_ASSERT(decode_cursor(encode_cursor(*read)) == read);
    if (auto const read = decode_state(bytes)) {
        auto const again = encode_state(*read);
        LOGPIPE_ASSERT(decode_state({again.data(), again.size()}) == read);
    }
}

void read_files(std::string_view bytes) {
    test::one_file files{bytes};
    slot_file slots{files, "slots"};
    auto const before = slots.load();
    if (before) {
        LOGPIPE_ASSERT(slots.store("next").has_value());
        LOGPIPE_ASSERT(slot_file(files, "slots").load().value() == "next");
    }
    files.contents = bytes;
    slot_file cursors{files, "cursor"};
    static_cast<void>(load_cursor(cursors));
    files.contents = bytes;
    if (auto const identity = load_identity(files, "folder")) {
        files.contents = identity_file(format_version, *identity);
        LOGPIPE_ASSERT(load_identity(files, "folder").value() == *identity);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    std::string_view const bytes{reinterpret_cast<char const*>(data), size};
    read_records(bytes);
    read_records(summed(bytes));
    read_files(bytes);
    read_files(fmt::format("{}crc32c {:08x}\n", bytes, crc32c(bytes)));
    if (auto const ranges = parse_free_request(bytes)) {
        auto const again = parse_free_request(free_request_text(*ranges));
        LOGPIPE_ASSERT(again && again->size() == ranges->size());
        for (auto const& each : *ranges) LOGPIPE_ASSERT(covers(*ranges, each.begin, each.end));
    }
    return 0;
}
