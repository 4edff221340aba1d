// Syslog's framing, whole, in two pieces and a byte at a time: the same messages come out, and no byte is invented.
#include "frame_splitter.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace {

using logpipe::syslog::frame_splitter;
using logpipe::syslog::framed_message;

constexpr std::size_t message_bytes_max = 64;

struct message {
    std::string text;
    bool cut = false;
    std::uint64_t missing_bytes = 0;

    friend bool operator==(message const&, message const&) = default;
};

std::vector<message> split(std::string_view input, std::size_t first, std::size_t step) {
    frame_splitter frames{message_bytes_max};
    std::vector<message> got;
    auto const keep = [&](framed_message const& each) {
        if (each.text.empty() || each.text.size() > message_bytes_max) std::abort();
        got.push_back({std::string{each.text}, each.cut, each.missing_bytes});
    };
    for (auto size = first; !input.empty(); size = step) {
        auto piece = input.substr(0, size);
        input.remove_prefix(piece.size());
        while (auto const each = frames.next(piece)) keep(*each);
        if (!piece.empty()) std::abort();
    }
    if (auto const last = frames.finish()) keep(*last);
    if (frames.finish()) std::abort();
    return got;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t bytes) {
    std::string_view const input{reinterpret_cast<char const*>(data), bytes};
    auto const whole = split(input, bytes, bytes);
    std::size_t given = 0;
    for (auto const& each : whole) given += each.text.size();
    if (given > bytes || whole != split(input, 1, 1)) std::abort();
    if (bytes > 1 && whole != split(input, 1 + data[0] % (bytes - 1), bytes)) std::abort();
    return 0;
}
