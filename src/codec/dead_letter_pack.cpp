#include "codec/dead_letter_pack.hpp"

#include "codec/zstd.hpp"
#include "core/bytes.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>

namespace logpipe::codec {

namespace {

constexpr char version = 1;
constexpr std::size_t head_bytes = 9;
// Reasons may carry numbers from the entries: above so many they share one, which bounds the search for them.
constexpr std::size_t reasons_max = 32;
constexpr std::string_view other_reasons = "another reason";
// Shown of them in one line.
constexpr std::size_t named_max = 3;
// A message has at most 256 MiB of entries, each of at least one byte; a pack adds three bytes to such a small one.
constexpr std::size_t unpacked_bytes_max = std::size_t{2} << 30U;

void append_number(std::string& out, std::uint64_t number) {
    while (number >= 0x80) {
        out.push_back(static_cast<char>(number | 0x80U));
        number >>= 7U;
    }
    out.push_back(static_cast<char>(number));
}

/// What is left to read; every read says whether it was there.
struct pack_reader {
    std::string_view rest;

    [[nodiscard]] bool number(std::uint64_t& into) noexcept {
        into = 0;
        for (unsigned shift = 0; shift < 64 && !rest.empty(); shift += 7) {
            auto const byte = static_cast<unsigned char>(rest.front());
            rest.remove_prefix(1);
            into |= std::uint64_t{byte & 0x7fU} << shift;
            if (byte < 0x80) return true;
        }
        return false;
    }
    [[nodiscard]] bool text(std::string_view& into) noexcept {
        std::uint64_t size = 0;
        if (!number(size) || size > rest.size()) return false;
        into = rest.substr(0, size);
        rest.remove_prefix(size);
        return true;
    }
};

struct pack_head {
    std::uint32_t entries = 0;
    std::uint32_t reasons = 0;
};

std::optional<pack_head> read_head(std::string_view unpacked) noexcept {
    if (unpacked.size() < head_bytes || unpacked.front() != version) return std::nullopt;
    auto const* const at = unpacked.data();
    pack_head const head{.entries = load_little<std::uint32_t>(at + 1), .reasons = load_little<std::uint32_t>(at + 5)};
    if (head.entries == 0 || head.reasons == 0 || head.reasons > reasons_max + 1) return std::nullopt;
    return head;
}

struct entry_numbers {
    std::uint64_t index = 0;  // of the one before, until it is read
    std::uint64_t reason = 0;
    std::string_view bytes;
};

bool read_entry(pack_reader& from, pack_head const& head, entry_numbers& into) noexcept {
    std::uint64_t step = 0;
    if (!from.number(step) || !from.number(into.reason) || !from.text(into.bytes)) return false;
    into.index += step;
    return into.reason < head.reasons && step <= std::numeric_limits<std::uint32_t>::max() &&
           into.index <= std::numeric_limits<std::uint32_t>::max();
}

/// Checks all of it. @return the reasons, which come after the entries
std::optional<std::vector<std::string_view>> read_reasons(pack_reader from, pack_head const& head) {
    entry_numbers entry;
    for (std::uint32_t i = 0; i < head.entries; ++i)
        if (!read_entry(from, head, entry)) return std::nullopt;
    std::vector<std::string_view> reasons(head.reasons);
    for (auto& reason : reasons)
        if (!from.text(reason)) return std::nullopt;
    if (!from.rest.empty()) return std::nullopt;
    return reasons;
}

}  // namespace

std::uint32_t dead_letter_packer::number_of(std::string_view reason) {
    auto const found = std::ranges::find(reasons_, reason);
    if (found != reasons_.end()) return static_cast<std::uint32_t>(found - reasons_.begin());
    if (reasons_.size() > reasons_max) return reasons_max;
    reasons_.emplace_back(reasons_.size() == reasons_max ? other_reasons : reason);
    return static_cast<std::uint32_t>(reasons_.size() - 1);
}

void dead_letter_packer::add(std::uint32_t index, std::string_view reason, std::string_view entry) {
    if (bytes_.empty()) bytes_.resize(head_bytes);
    append_number(bytes_, index - last_index_);
    append_number(bytes_, number_of(reason));
    append_number(bytes_, entry.size());
    bytes_.append(entry);
    last_index_ = index;
    ++count_;
}

std::string dead_letter_packer::reasons() const {
    std::string all;
    for (std::size_t i = 0; i < std::min(reasons_.size(), named_max); ++i) {
        if (i > 0) all += "; ";
        all += reasons_[i];
    }
    if (reasons_.size() > named_max) all += "; and others";
    return all;
}

std::string dead_letter_packer::finish() {
    bytes_[0] = version;
    store_little(bytes_.data() + 1, count_);
    store_little(bytes_.data() + 5, static_cast<std::uint32_t>(reasons_.size()));
    for (auto const& reason : reasons_) {
        append_number(bytes_, reason.size());
        bytes_ += reason;
    }
    auto record = zstd(bytes_);
    *this = {};
    return record;
}

result<> unpack_dead_letter(std::string_view record, std::function<result<>(packed_entry const&)> const& each) {
    auto const unpacked = unzstd(record, unpacked_bytes_max);
    if (!unpacked) return error{errc::corrupt, "a pack of entries is damaged: " + unpacked.error().message};
    error const damaged{errc::corrupt, "a pack of entries is damaged, or of a newer version"};
    auto const head = read_head(*unpacked);
    if (!head) return damaged;
    pack_reader from{std::string_view{*unpacked}.substr(head_bytes)};
    auto const reasons = read_reasons(from, *head);
    if (!reasons) return damaged;
    entry_numbers entry;
    for (std::uint32_t i = 0; i < head->entries && read_entry(from, *head, entry); ++i) {
        if (auto taken = each({.index = static_cast<std::uint32_t>(entry.index),
                               .reason = (*reasons)[entry.reason],
                               .bytes = entry.bytes});
            !taken)
            return taken;
    }
    return {};
}

}  // namespace logpipe::codec
