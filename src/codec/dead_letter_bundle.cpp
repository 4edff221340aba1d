#include "codec/dead_letter_bundle.hpp"

#include "codec/zstd.hpp"
#include "core/bytes.hpp"

#include <array>

namespace logpipe::codec {

namespace {

constexpr std::string_view magic{"\xfeLPB", 4};
constexpr std::uint16_t version = 1;
constexpr std::size_t head_bytes = 8;
// Far above what is written at a time.
constexpr std::size_t unpacked_bytes_max = std::size_t{1} << 30U;

}  // namespace

std::string dead_letter_bundle(std::span<std::string_view const> frames) {
    std::string all;
    std::array<char, 4> size;
    for (auto const frame : frames) {
        store_little(size.data(), static_cast<std::uint32_t>(frame.size()));
        all.append(size.data(), size.size());
        all.append(frame);
    }
    std::array<char, head_bytes> head{};
    magic.copy(head.data(), magic.size());
    store_little(head.data() + 4, version);
    return std::string{head.data(), head.size()} + zstd(all);
}

bool is_dead_letter_bundle(std::string_view record) noexcept {
    return record.starts_with(magic);
}

result<> each_in_bundle(std::string_view record, std::function<result<>(std::string_view)> const& each) {
    error const damaged{errc::corrupt, "a bundle of dead letters is damaged, or of a newer version"};
    if (record.size() < head_bytes || load_little<std::uint16_t>(record.data() + 4) != version) return damaged;
    auto const all = unzstd(record.substr(head_bytes), unpacked_bytes_max);
    if (!all) return damaged;
    std::string_view rest = *all;
    while (!rest.empty()) {
        if (rest.size() < 4) return damaged;
        auto const size = load_little<std::uint32_t>(rest.data());
        rest.remove_prefix(4);
        if (size > rest.size()) return damaged;
        if (auto taken = each(rest.substr(0, size)); !taken) return taken;
        rest.remove_prefix(size);
    }
    return {};
}

}  // namespace logpipe::codec
