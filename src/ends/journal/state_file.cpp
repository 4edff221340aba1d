#include "state_file.hpp"

#include "core/bytes.hpp"
#include "core/crc32c.hpp"

#include <cstring>

namespace logpipe::journal {

namespace {
constexpr std::string_view state_magic = "LPSTATE1";
}

std::string state_path(std::string const& folder) {
    return folder + "/state";
}

std::array<char, state_bytes> encode_state(synced_mark const& mark) noexcept {
    std::array<char, state_bytes> out{};
    std::memcpy(out.data(), state_magic.data(), state_magic.size());
    store_little(out.data() + 8, mark.epoch);
    store_little(out.data() + 16, mark.offset);
    store_little(out.data() + 24, mark.segment);
    store_little(out.data() + 32, mark.bytes);
    store_little(out.data() + 60, crc32c({out.data(), 60}));
    return out;
}

std::optional<synced_mark> decode_state(std::string_view bytes) noexcept {
    if (bytes.size() != state_bytes || !bytes.starts_with(state_magic)) return std::nullopt;
    if (load_little<std::uint32_t>(bytes.data() + 60) != crc32c(bytes.substr(0, 60))) return std::nullopt;
    return synced_mark{.epoch = load_little<std::uint64_t>(bytes.data() + 8),
                       .offset = load_little<std::uint64_t>(bytes.data() + 16),
                       .segment = load_little<std::uint64_t>(bytes.data() + 24),
                       .bytes = load_little<std::uint64_t>(bytes.data() + 32)};
}

}  // namespace logpipe::journal
