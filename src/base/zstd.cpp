#include "base/zstd.hpp"

#include "base/assert.hpp"

#include <fmt/format.h>
#include <zstd.h>

#include <algorithm>
#include <limits>
#include <new>

namespace logpipe {

namespace {

// What is added to an output string at a time: its bound may be far above what there is.
constexpr std::size_t output_step_bytes = std::size_t{64} << 10U;
// 128 MiB, what every zstd command accepts without being asked to.
constexpr int window_log_max = 27;

}  // namespace

struct zstd_inflater::state {
    ZSTD_DCtx* context = ZSTD_createDCtx();
    bool in_frame = false;

    state() {
        if (context == nullptr) throw std::bad_alloc{};
        LOGPIPE_ASSERT(ZSTD_isError(ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, window_log_max)) == 0);
    }
    ~state() { ZSTD_freeDCtx(context); }
    state(state const&) = delete;
    state& operator=(state const&) = delete;

    /// One call of the library into at most `room` bytes of space behind `output`.
    result<> step(std::string_view& input, std::string& output, std::size_t room) {
        auto const before = output.size();
        output.resize(before + room);
        ZSTD_inBuffer from{.src = input.data(), .size = input.size(), .pos = 0};
        ZSTD_outBuffer to{.dst = output.data() + before, .size = room, .pos = 0};
        auto const left = ZSTD_decompressStream(context, &to, &from);
        output.resize(before + to.pos);
        input.remove_prefix(from.pos);
        if (ZSTD_isError(left) != 0) return error{errc::corrupt, fmt::format("bad zstd: {}", ZSTD_getErrorName(left))};
        in_frame = left != 0;
        return {};
    }
};

zstd_inflater::zstd_inflater() : state_{std::make_unique<state>()} {}
zstd_inflater::~zstd_inflater() = default;
zstd_inflater::zstd_inflater(zstd_inflater&&) noexcept = default;
zstd_inflater& zstd_inflater::operator=(zstd_inflater&&) noexcept = default;

result<> zstd_inflater::inflate(std::string_view& input, std::string& output, std::size_t output_bytes_max) {
    std::size_t left = output_bytes_max;
    while (left > 0) {
        // Between frames only input moves us on; within one, the library may still hold output without any.
        if (input.empty() && !state_->in_frame) return {};
        auto const input_before = input.size();
        auto const output_before = output.size();
        auto const room = std::min(left, output_step_bytes);
        if (auto done = state_->step(input, output, room); !done) return done;
        auto const gained = output.size() - output_before;
        left -= gained;
        if (gained < room && (input.empty() || (gained == 0 && input.size() == input_before))) return {};
    }
    return {};
}

bool zstd_inflater::at_frame_end() const noexcept {
    return !state_->in_frame;
}

result<std::string> unzstd(std::string_view input, std::size_t output_bytes_max) {
    LOGPIPE_ASSERT(output_bytes_max < std::numeric_limits<std::size_t>::max());
    if (input.empty()) return error{errc::corrupt, "bad zstd: no bytes"};
    zstd_inflater inflater;
    std::string output;
    // One byte more than allowed tells "exactly the bound" from "above it".
    while (output.size() <= output_bytes_max) {
        auto const before = output.size();
        if (auto done = inflater.inflate(input, output, output_bytes_max + 1 - output.size()); !done)
            return done.error();
        if (input.empty() && output.size() == before) break;
    }
    if (output.size() > output_bytes_max)
        return error{errc::too_large, fmt::format("zstd decompresses to more than {} bytes", output_bytes_max)};
    if (!inflater.at_frame_end()) return error{errc::corrupt, "zstd ends in the middle of a frame"};
    return output;
}

std::string zstd(std::string_view input, int level) {
    std::string output(ZSTD_compressBound(input.size()), '\0');
    auto const bytes = ZSTD_compress(output.data(), output.size(), input.data(), input.size(), level);
    if (ZSTD_isError(bytes) != 0) throw std::bad_alloc{};
    output.resize(bytes);
    return output;
}

}  // namespace logpipe
