#include "codec/dead_letter_frame.hpp"

#include "core/assert.hpp"
#include "core/bytes.hpp"

#include <array>

namespace logpipe::codec {

namespace {

constexpr std::string_view magic{"\xfeLPD", 4};
constexpr std::uint16_t plain_version = 1;
constexpr std::uint16_t pack_version = 2;
constexpr std::size_t plain_fixed_bytes = 64;
constexpr std::size_t pack_fixed_bytes = 68;
constexpr std::size_t text_bytes_max = 16'000;

std::uint16_t size_of(std::string_view text) noexcept {
    LOGPIPE_ASSERT(text.size() < text_bytes_max);  // four of them fit into head_bytes
    return static_cast<std::uint16_t>(text.size());
}

}  // namespace

void append_dead_letter_frame(std::string& out, dead_letter_view const& letter) {
    LOGPIPE_ASSERT(letter.part.index < letter.part.count);
    std::array const texts{letter.stage, letter.reason, letter.origin, letter.tag};
    bool const is_pack = letter.entries > 0;
    std::size_t const fixed_bytes = is_pack ? pack_fixed_bytes : plain_fixed_bytes;
    std::array<char, pack_fixed_bytes> head;
    magic.copy(head.data(), magic.size());
    store_little(head.data() + 4, is_pack ? pack_version : plain_version);
    store_little(head.data() + 64, letter.entries);
    store_little(head.data() + 8, letter.id.high);
    store_little(head.data() + 16, letter.id.low);
    store_little(head.data() + 24, static_cast<std::uint64_t>(letter.time_ns));
    store_little(head.data() + 32, static_cast<std::uint64_t>(letter.event_time_ns));
    store_little(head.data() + 40, static_cast<std::uint64_t>(letter.received_ns));
    store_little(head.data() + 48, letter.part.index);
    store_little(head.data() + 52, letter.part.count);
    std::size_t head_bytes = fixed_bytes;
    for (std::size_t i = 0; i < texts.size(); ++i) {
        store_little(head.data() + 56 + 2 * i, size_of(texts[i]));
        head_bytes += texts[i].size();
    }
    store_little(head.data() + 6, static_cast<std::uint16_t>(head_bytes));
    out.append(head.data(), fixed_bytes);
    for (auto const text : texts) out.append(text);
    out.append(letter.record);
}

std::optional<dead_letter_view> read_dead_letter_frame(std::string_view bytes) noexcept {
    if (bytes.size() < plain_fixed_bytes || !bytes.starts_with(magic)) return std::nullopt;
    auto const version = load_little<std::uint16_t>(bytes.data() + 4);
    if (version != plain_version && version != pack_version) return std::nullopt;
    std::size_t const fixed_bytes = version == pack_version ? pack_fixed_bytes : plain_fixed_bytes;
    if (bytes.size() < fixed_bytes) return std::nullopt;
    std::size_t const head_bytes = load_little<std::uint16_t>(bytes.data() + 6);
    auto const time_at = [&](std::size_t at) {
        return static_cast<std::int64_t>(load_little<std::uint64_t>(bytes.data() + at));
    };
    dead_letter_view letter{.id = {.high = load_little<std::uint64_t>(bytes.data() + 8),
                                   .low = load_little<std::uint64_t>(bytes.data() + 16)},
                            .time_ns = time_at(24),
                            .event_time_ns = time_at(32),
                            .received_ns = time_at(40),
                            .part = {.index = load_little<std::uint32_t>(bytes.data() + 48),
                                     .count = load_little<std::uint32_t>(bytes.data() + 52)}};
    if (letter.part.index >= letter.part.count || head_bytes > bytes.size()) return std::nullopt;
    if (version == pack_version) letter.entries = load_little<std::uint32_t>(bytes.data() + 64);
    if ((version == pack_version) != (letter.entries > 0)) return std::nullopt;
    auto at = fixed_bytes;
    std::size_t number = 0;
    for (auto* const text : {&letter.stage, &letter.reason, &letter.origin, &letter.tag}) {
        std::size_t const size = load_little<std::uint16_t>(bytes.data() + 56 + 2 * number++);
        if (at + size > head_bytes) return std::nullopt;
        *text = bytes.substr(at, size);
        at += size;
    }
    if (at != head_bytes) return std::nullopt;
    letter.record = bytes.substr(head_bytes);
    return letter;
}

}  // namespace logpipe::codec
