// Records of dead letters as a disk may give them back: any bytes are a pack, a bundle, or neither, in bounded memory.
#include "codec/dead_letter_bundle.hpp"
#include "codec/dead_letter_pack.hpp"
#include "codec/zstd.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t bytes) {
    using namespace logpipe;
    using namespace logpipe::codec;
    std::string_view const input{reinterpret_cast<char const*>(data), bytes};
    // Compressed here, so that what stands in the frame is what is tried.
    auto const record = zstd(input);
    std::uint32_t count = 0;
    std::uint32_t last = 0;
    dead_letter_packer again;
    auto const unpacked = unpack_dead_letter(record, [&](packed_entry const& entry) -> result<> {
        if (count++ > 0 && entry.index < last) std::abort();
        last = entry.index;
        again.add(entry.index, entry.reason, entry.bytes);
        return {};
    });
    if (!unpacked && count > 0) std::abort();
    if (unpacked && again.count() != count) std::abort();
    std::string const head{"\xfeLPB\x01\0\0\0", 8};
    std::size_t given = 0;
    (void)each_in_bundle(head + record, [&](std::string_view frame) -> result<> {
        given += frame.size() + 4;
        return {};
    });
    if (given > bytes) std::abort();
    return 0;
}
