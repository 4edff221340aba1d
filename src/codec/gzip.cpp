#include "codec/gzip.hpp"

#include "core/assert.hpp"
#include "inflating.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <limits>
#include <new>

namespace logpipe::codec {

namespace {

// zlib's code for "gzip only", added to the window's bits (zlib.h, inflateInit2 and deflateInit2).
constexpr int window_bits_gzip = MAX_WBITS + 16;

Bytef* bytes_of(std::string_view text) noexcept {
    // zlib does not write there; z_stream::next_in is only const where ZLIB_CONST is set for all of a program.
    return reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
}

uInt clamp_bytes(std::size_t bytes) noexcept {
    return static_cast<uInt>(std::min<std::size_t>(bytes, std::numeric_limits<uInt>::max()));
}

}  // namespace

struct gzip_inflater::state {
    z_stream stream{};
    bool inside = false;

    state() {
        if (inflateInit2(&stream, window_bits_gzip) != Z_OK) throw std::bad_alloc{};
    }
    ~state() { inflateEnd(&stream); }
    state(state const&) = delete;
    state& operator=(state const&) = delete;

    /// One call of zlib into at most `room` bytes of space after `output`.
    result<> step(std::string_view& input, std::string& output, std::size_t room) {
        auto const before = output.size();
        output.resize(before + room);
        stream.next_in = bytes_of(input);
        stream.avail_in = clamp_bytes(input.size());
        stream.next_out = reinterpret_cast<Bytef*>(output.data() + before);
        stream.avail_out = static_cast<uInt>(room);
        auto const input_offered = stream.avail_in;
        inside = true;
        int const code = ::inflate(&stream, Z_NO_FLUSH);
        input.remove_prefix(input_offered - stream.avail_in);
        output.resize(before + room - stream.avail_out);
        if (code == Z_STREAM_END) {
            inside = false;
            inflateReset(&stream);
            return {};
        }
        // Z_BUF_ERROR only says that nothing more can be done with this input and this room.
        if (code == Z_OK || code == Z_BUF_ERROR) return {};
        if (code == Z_MEM_ERROR) throw std::bad_alloc{};
        return error{errc::corrupt, fmt::format("bad gzip: {}", stream.msg != nullptr ? stream.msg : zError(code))};
    }
};

gzip_inflater::gzip_inflater() : state_{std::make_unique<state>()} {}
gzip_inflater::~gzip_inflater() = default;
gzip_inflater::gzip_inflater(gzip_inflater&&) noexcept = default;
gzip_inflater& gzip_inflater::operator=(gzip_inflater&&) noexcept = default;

result<> gzip_inflater::inflate(std::string_view& input, std::string& output, std::size_t output_bytes_max) {
    return inflate_by_steps(*state_, input, output, output_bytes_max);
}

bool gzip_inflater::at_end() const noexcept {
    return !state_->inside;
}

result<std::string> gunzip(std::string_view input, std::size_t output_bytes_max) {
    return inflate_whole<gzip_inflater>("gzip", input, output_bytes_max);
}

std::string gzip(std::string_view input, int level) {
    z_stream stream{};
    constexpr int memory_level = 8;  // zlib's default
    if (deflateInit2(&stream, level, Z_DEFLATED, window_bits_gzip, memory_level, Z_DEFAULT_STRATEGY) != Z_OK)
        throw std::bad_alloc{};
    std::string output(deflateBound(&stream, static_cast<uLong>(input.size())), '\0');
    std::size_t written = 0;
    int code = Z_OK;
    // zlib counts in 32 bits: input above 4 GiB goes in by parts.
    while (code == Z_OK) {
        auto const part = clamp_bytes(input.size());
        auto const room = clamp_bytes(output.size() - written);
        stream.next_in = bytes_of(input);
        stream.avail_in = part;
        stream.next_out = reinterpret_cast<Bytef*>(output.data() + written);
        stream.avail_out = room;
        code = deflate(&stream, part == input.size() ? Z_FINISH : Z_NO_FLUSH);
        input.remove_prefix(part - stream.avail_in);
        written += room - stream.avail_out;
    }
    deflateEnd(&stream);
    LOGPIPE_ASSERT(code == Z_STREAM_END);
    output.resize(written);
    return output;
}

}  // namespace logpipe::codec
