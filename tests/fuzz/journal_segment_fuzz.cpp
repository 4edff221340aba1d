// Whatever bytes a segment holds, the reader comes to their end, in steps that neither overlap nor leave anything out,
// and what it takes for a whole frame can be decoded.
#include "core/assert.hpp"
#include "core/file.hpp"
#include "logpipe/event.hpp"
#include "segment_reader.hpp"

#include <algorithm>
#include <cstring>

namespace {

class bytes_file final : public logpipe::file {
  public:
    explicit bytes_file(std::string_view bytes) : bytes_{bytes} {}
    logpipe::result<std::size_t> read_at(std::uint64_t offset_bytes, std::span<char> into) const override {
        if (offset_bytes >= bytes_.size()) return std::size_t{0};
        auto const count = std::min(into.size(), bytes_.size() - static_cast<std::size_t>(offset_bytes));
        std::memcpy(into.data(), bytes_.data() + offset_bytes, count);
        return count;
    }
    logpipe::result<> write_at(std::uint64_t, std::span<std::string_view const>) override { return read_only(); }
    logpipe::result<> truncate(std::uint64_t) override { return read_only(); }
    logpipe::result<> sync_data() override { return read_only(); }
    logpipe::result<std::uint64_t> bytes() const override { return std::uint64_t{bytes_.size()}; }
    logpipe::result<> allocate(std::uint64_t) override { return read_only(); }
    logpipe::result<> in_place() const override { return {}; }
    logpipe::result<> lock() override { return read_only(); }

  private:
    static logpipe::error read_only() { return {logpipe::errc::storage_failed, "read only"}; }

    std::string_view bytes_;
};

void read_all(std::string_view bytes, std::size_t read_ahead_bytes, logpipe::journal::read_depth depth,
              std::size_t held_bytes_max = logpipe::journal::segment_reader::held_bytes_usual) {
    using namespace logpipe::journal;
    bytes_file const file{bytes};
    segment_reader reader{file, read_ahead_bytes, held_bytes_max};
    logpipe::batch into;
    std::uint64_t end = 0;
    while (true) {
        auto const step = reader.next(bytes.size(), depth);
        LOGPIPE_ASSERT(step.has_value());
        LOGPIPE_ASSERT(reader.step_begin() == end);
        end = reader.position();
        if (*step == segment_step::end) break;
        LOGPIPE_ASSERT(end > reader.step_begin());
        if (*step == segment_step::frame && depth == read_depth::whole) {
            auto const& header = reader.header();
            into.clear();
            for (auto offset = header.first_offset + header.event_count / 2; offset < header.end_offset();) {
                auto const portion_end = reader.append_portion(offset, into);
                LOGPIPE_ASSERT(portion_end.has_value());
                offset = *portion_end;
            }
            LOGPIPE_ASSERT(into.events.size() == header.event_count - header.event_count / 2);
        }
    }
    LOGPIPE_ASSERT(end == bytes.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(unsigned char const* data, std::size_t size) {
    std::string_view const bytes{reinterpret_cast<char const*>(data), size};
    read_all(bytes, 64, logpipe::journal::read_depth::whole);
    read_all(bytes, std::size_t{1} << 16U, logpipe::journal::read_depth::whole);
    read_all(bytes, 64, logpipe::journal::read_depth::headers);
    read_all(bytes, 64, logpipe::journal::read_depth::whole, 0);  // all are large
    return 0;
}
