#include "core/slot_file.hpp"

#include "core/bytes.hpp"
#include "core/crc32c.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <optional>

namespace logpipe {

namespace {

constexpr std::string_view slot_magic = "LPSLOT01";
constexpr std::size_t head_bytes = 24;

struct slot {
    std::uint64_t sequence = 0;
    std::string_view value;
};

std::uint32_t sum_of(std::string_view head, std::string_view value) {
    return crc32c(value, crc32c(head.substr(0, head_bytes - 4)));
}

std::string encode(std::uint64_t sequence, std::string_view value) {
    std::string out(head_bytes, '\0');
    std::memcpy(out.data(), slot_magic.data(), slot_magic.size());
    store_little(out.data() + 8, sequence);
    store_little(out.data() + 16, static_cast<std::uint32_t>(value.size()));
    store_little(out.data() + 20, sum_of(out, value));
    return out.append(value);
}

std::optional<slot> decode(std::string_view bytes) {
    if (bytes.size() < head_bytes || !bytes.starts_with(slot_magic)) return std::nullopt;
    auto const value_bytes = load_little<std::uint32_t>(bytes.data() + 16);
    if (value_bytes > bytes.size() - head_bytes) return std::nullopt;
    auto const value = bytes.substr(head_bytes, value_bytes);
    if (load_little<std::uint32_t>(bytes.data() + 20) != sum_of(bytes, value)) return std::nullopt;
    return slot{.sequence = load_little<std::uint64_t>(bytes.data() + 8), .value = value};
}

}  // namespace

result<std::string> slot_file::load(std::size_t bytes_max) {
    slot_bytes_ = 0;
    whole_bytes_ = 0;
    unsure_.clear();
    auto contents = read_file(files_, path_, bytes_max);
    if (!contents) return contents.error();
    auto const half = contents->size() / 2;
    std::string_view const both{*contents};
    auto const first = decode(both.substr(0, half));
    auto const second = decode(both.substr(half));
    if (!first && !second) {
        if (both.starts_with(slot_magic) || both.substr(half).starts_with(slot_magic))
            return error{errc::corrupt, fmt::format("{} is damaged: neither of its slots is whole", path_)};
        whole_bytes_ = contents->size();
        return contents;
    }
    slot_bytes_ = half;
    newest_ = !first || (second && second->sequence > first->sequence) ? 1 : 0;
    auto const& newest = newest_ == 0 ? *first : *second;
    sequence_ = newest.sequence;
    unsure_ = encode(sequence_, newest.value);
    return std::string{newest.value};
}

/// The kernel takes a page that it failed to write for clean: no later sync writes it. Bytes that are written once
/// more, the same ones, make it one that is written; the magic stays the same whatever is stored meanwhile.
result<> slot_file::sync() {
    if (auto loaded = load(); !loaded) return loaded.error();
    auto opened = files_.open(path_, file_access::write);
    if (!opened) return opened.error();
    for (auto const at : {std::uint64_t{0}, std::uint64_t{slot_bytes_}}) {
        std::array<char, slot_magic.size()> first{};
        auto const got = (*opened)->read_at(at, first);
        if (!got) return got.error();
        std::string_view const bytes{first.data(), *got};
        if (slot_bytes_ != 0 && bytes != slot_magic) continue;  // it was never written
        if (auto written = (*opened)->write_at(at, {&bytes, 1}); !written) return written;
    }
    return (*opened)->sync_data();
}

result<> slot_file::store(std::string_view value) {
    bool const fits = slot_bytes_ >= head_bytes + value.size();
    if (!fits || slot_bytes_ < slot_bytes_min) {
        auto made = make(value);
        if (made || made.error().code != errc::storage_full || !(fits || cut_small_slots(value.size()))) return made;
    }
    auto opened = files_.open(path_, file_access::write);
    if (!opened && opened.error().code == errc::not_found) return make(value);
    if (!opened) return opened.error();
    // What was loaded may be in memory only: a process that was killed may have failed to sync it.
    if (!unsure_.empty())
        if (auto sure = write_slot(**opened, newest_, unsure_); !sure) return sure;
    unsure_.clear();
    // The other one is on disk, and stays as it is until this one is there too: after a failure it is this one again.
    auto const older = 1 - newest_;
    if (auto written = write_slot(**opened, older, encode(sequence_ + 1, value)); !written) return written;
    newest_ = older;
    ++sequence_;
    return {};
}

/// The block of a small file has room for two small slots, the second of them behind the value as it is.
/// @return false where it has not
bool slot_file::cut_small_slots(std::size_t value_bytes) {
    auto const bytes = std::bit_ceil(std::max(whole_bytes_, head_bytes + value_bytes));
    if (whole_bytes_ == 0 || 2 * bytes > slot_bytes_min) return false;
    slot_bytes_ = bytes;
    newest_ = 0;
    whole_bytes_ = 0;
    return true;
}

result<> slot_file::write_slot(file& to, std::size_t which, std::string slot) const {
    if (slot_bytes_ < slot_bytes_min)
        slot.resize(slot_bytes_);  // up to the file's end, whose half tells where slots are
    std::string_view const bytes{slot};
    if (auto written = to.write_at(which * slot_bytes_, {&bytes, 1}); !written) return written;
    return to.sync_data();
}

/// A new file with room for both slots, in place of what is there.
result<> slot_file::make(std::string_view value) {
    auto const slot_bytes = std::max(slot_bytes_min, std::bit_ceil(2 * (head_bytes + value.size())));
    auto contents = encode(sequence_ + 1, value);
    contents.resize(2 * slot_bytes);
    if (auto stored = store_file(files_, path_, contents); !stored) return stored;
    slot_bytes_ = slot_bytes;
    whole_bytes_ = 0;
    unsure_.clear();
    newest_ = 0;
    ++sequence_;
    return {};
}

}  // namespace logpipe
