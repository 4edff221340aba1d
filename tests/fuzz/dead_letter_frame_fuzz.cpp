// A record of a journal of dead letters: any bytes are a letter or none, and a letter is written as it was read.
#include "codec/dead_letter_frame.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t bytes) {
    using namespace logpipe;
    using namespace logpipe::codec;
    std::string_view const record{reinterpret_cast<char const*>(data), bytes};
    auto const letter = read_dead_letter_frame(record);
    if (!letter) return 0;
    for (auto const text : {letter->stage, letter->reason, letter->origin, letter->tag})
        if (text.size() >= 16'000) return 0;  // never written
    std::string again;
    append_dead_letter_frame(again, *letter);
    if (again != record) std::abort();
    return 0;
}
