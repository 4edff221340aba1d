// A container's log as any bytes in any pieces: with and without a terminal, the pieces make no difference, and no line
// is longer than it may be. The engine's JSON and the positions file: any bytes give a value or an error.
#include "log_decoder.hpp"

#include "core/assert.hpp"
#include "engine_json.hpp"
#include "positions_file.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace logpipe;
using namespace logpipe::docker;

constexpr std::size_t line_bytes_max = 1024;

struct outcome {
    std::vector<std::string> lines;
    bool broken = false;

    friend bool operator==(outcome const&, outcome const&) = default;
};

outcome decode(std::string_view bytes, bool terminal, std::size_t piece_bytes) {
    outcome got;
    log_decoder decoder{{.terminal = terminal, .line_bytes_max = line_bytes_max}};
    auto const take = [&](engine_line const& line) {
        LOGPIPE_ASSERT(line.text.size() <= line_bytes_max);
        got.lines.push_back(std::string{line.stream == log_stream::err ? 'e' : 'o', line.ended ? '.' : '~'} +
                            std::to_string(line.time_ns) + ' ' + std::string{line.text});
    };
    while (!bytes.empty()) {
        auto const piece = bytes.substr(0, piece_bytes);
        if (!decoder.feed(piece, take)) {
            got.broken = true;
            return got;
        }
        bytes.remove_prefix(piece.size());
    }
    decoder.finish(take);
    return got;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    std::string_view const bytes{reinterpret_cast<char const*>(data), size};
    for (bool const terminal : {false, true}) {
        auto const whole = decode(bytes, terminal, std::max<std::size_t>(1, size));
        LOGPIPE_ASSERT(whole == decode(bytes, terminal, 1));
        LOGPIPE_ASSERT(whole == decode(bytes, terminal, 7));
    }
    (void)parse_container_list(bytes);
    (void)parse_container(bytes);
    (void)parse_engine_event(bytes);
    if (auto const read = parse_positions(bytes)) LOGPIPE_ASSERT(parse_positions(to_json(*read)).value() == *read);
    return 0;
}
