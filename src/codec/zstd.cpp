#include "codec/zstd.hpp"

#include "core/assert.hpp"
#include "inflating.hpp"

#include <fmt/format.h>
#include <zstd.h>

#include <new>

namespace logpipe::codec {

namespace {

// 128 MiB, what every zstd command accepts by default.
constexpr int window_log_max = 27;

}  // namespace

struct zstd_inflater::state {
    ZSTD_DCtx* context = ZSTD_createDCtx();
    bool inside = false;

    state() {
        if (context == nullptr) throw std::bad_alloc{};
        LOGPIPE_ASSERT(ZSTD_isError(ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, window_log_max)) == 0);
    }
    ~state() { ZSTD_freeDCtx(context); }
    state(state const&) = delete;
    state& operator=(state const&) = delete;

    /// One call of the library into at most `room` bytes of space after `output`.
    result<> step(std::string_view& input, std::string& output, std::size_t room) {
        auto const before = output.size();
        output.resize(before + room);
        ZSTD_inBuffer from{.src = input.data(), .size = input.size(), .pos = 0};
        ZSTD_outBuffer to{.dst = output.data() + before, .size = room, .pos = 0};
        auto const left = ZSTD_decompressStream(context, &to, &from);
        output.resize(before + to.pos);
        input.remove_prefix(from.pos);
        if (ZSTD_isError(left) != 0) return error{errc::corrupt, fmt::format("bad zstd: {}", ZSTD_getErrorName(left))};
        inside = left != 0;
        return {};
    }
};

zstd_inflater::zstd_inflater() : state_{std::make_unique<state>()} {}
zstd_inflater::~zstd_inflater() = default;
zstd_inflater::zstd_inflater(zstd_inflater&&) noexcept = default;
zstd_inflater& zstd_inflater::operator=(zstd_inflater&&) noexcept = default;

result<> zstd_inflater::inflate(std::string_view& input, std::string& output, std::size_t output_bytes_max) {
    return inflate_by_steps(*state_, input, output, output_bytes_max);
}

bool zstd_inflater::at_end() const noexcept {
    return !state_->inside;
}

result<std::string> unzstd(std::string_view input, std::size_t output_bytes_max) {
    return inflate_whole<zstd_inflater>("zstd", input, output_bytes_max);
}

std::string zstd(std::string_view input, int level) {
    std::string output(ZSTD_compressBound(input.size()), '\0');
    auto const bytes = ZSTD_compress(output.data(), output.size(), input.data(), input.size(), level);
    if (ZSTD_isError(bytes) != 0) throw std::bad_alloc{};
    output.resize(bytes);
    return output;
}

}  // namespace logpipe::codec
