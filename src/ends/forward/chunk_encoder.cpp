#include "chunk_encoder.hpp"

#include "codec/gzip.hpp"
#include "json_to_msgpack.hpp"
#include "msgpack_writer.hpp"

namespace logpipe::forward {

namespace {

/// As deep as our own source takes by default; a deeper record travels as the line it is.
constexpr std::uint32_t nesting_max = 64;

void append_record(std::string& entries, std::string_view record, chunk_encoding const& how) {
    if (append_json_object_as_msgpack(entries, record, nesting_max)) return;
    msgpack_writer write{entries};
    if (!how.line_key.empty()) {
        write.map(1);
        write.string(how.line_key);
    }
    write.binary(record);
}

}  // namespace

std::string encode_chunk(batch const& events, std::size_t begin, std::size_t end, std::string_view chunk_id,
                         chunk_encoding const& how) {
    std::string entries;
    msgpack_writer write_entry{entries};
    std::uint64_t count = 0;
    for (auto i = begin; i < end; ++i) {
        auto const& row = events.events[i];
        if (row.rejected) continue;
        write_entry.array(2);
        write_entry.time(row.time_ns);
        append_record(entries, events.payload(row), how);
        ++count;
    }
    if (count == 0) return {};
    std::string message;
    message.reserve(entries.size() + 256);
    msgpack_writer write{message};
    write.array(3);
    write.string(events.tags.at(events.events[begin].tag));
    write.binary(how.compress ? codec::gzip(entries) : entries);
    write.map(how.compress ? 3 : 2);
    write.string("chunk");
    write.string(chunk_id);
    write.string("size");
    write.unsigned_integer(count);
    if (how.compress) {
        write.string("compressed");
        write.string("gzip");
    }
    return message;
}

}  // namespace logpipe::forward
