#include "originals.hpp"

#include "core/file.hpp"
#include "path_pattern.hpp"

#include <algorithm>
#include <string>

namespace logpipe::files {

namespace {

// Logs without times begin alike; so few equal bytes say nothing, unless the names say it as well.
constexpr std::uint64_t telling_bytes = 1024;

struct candidate {
    std::size_t index;
    std::vector<content_mark> points;  // ascending; the last one is where it was read to
    std::size_t matched = 0;           // of them

    [[nodiscard]] bool is_whole() const { return matched == points.size(); }
    [[nodiscard]] std::uint64_t matched_bytes() const { return matched == 0 ? 0 : points[matched - 1].offset; }
};

std::vector<candidate> candidates_of(std::vector<known_file> const& known) {
    std::vector<candidate> all;
    for (std::size_t i = 0; i < known.size(); ++i) {
        auto const& read = known[i].read.at;
        auto const& head = known[i].kept.head;
        candidate one{.index = i, .points = {}};
        for (auto const& mark : known[i].kept.marks)
            if (mark.offset < read.offset) one.points.push_back(mark);
        if (read.offset > 0) one.points.push_back(read);
        // Of lines that were given and never became safe nothing else is known.
        if (head.offset > read.offset && !known[i].is_followed) one.points.push_back(head);
        if (!one.points.empty()) all.push_back(std::move(one));
    }
    return all;
}

/// Reads as far as some candidate is still equal. @return errc::corrupt
result<> compare(file_content& content, std::vector<candidate>& left) {
    std::string buffer(std::size_t{256} << 10U, '\0');
    content_hash hash;
    while (true) {
        std::uint64_t next = 0;
        for (auto const& each : left)
            if (!each.is_whole() && (next == 0 || each.points[each.matched].offset < next))
                next = each.points[each.matched].offset;
        if (next == 0) return {};
        while (hash.offset() < next) {
            auto const wanted = std::min<std::uint64_t>(next - hash.offset(), buffer.size());
            auto const got = content.read_at(hash.offset(), {buffer.data(), static_cast<std::size_t>(wanted)});
            if (!got) return got.error();
            if (*got == 0) return {};
            hash.add({buffer.data(), *got});
        }
        auto const here = hash.position().at;
        std::erase_if(left, [&](candidate& each) {
            if (each.is_whole() || each.points[each.matched].offset != next) return false;
            if (each.points[each.matched] != here) return true;
            ++each.matched;
            return false;
        });
    }
}

bool ends_at(file_content& content, std::uint64_t offset) {
    char next = 0;
    auto const got = content.read_at(offset, {&next, 1});
    return got && *got == 0;
}

}  // namespace

result<std::optional<original>> find_original(file_content& content, std::string const& path,
                                              std::vector<known_file> const& known) {
    auto left = candidates_of(known);
    if (auto compared = compare(content, left); !compared) return compared.error();
    std::optional<original> best;
    std::uint64_t best_bytes = 0;
    for (auto const& each : left) {
        auto const& of = known[each.index];
        if (each.matched == 0) continue;
        // A truncated file that begins as before is still a new one.
        bool const is_related = of.kept.path != path && folder_of(of.kept.path) == folder_of(path) &&
                                name_stem(of.kept.path) == name_stem(path);
        if (!each.is_whole() && !is_related && !ends_at(content, each.matched_bytes())) continue;
        if (each.matched_bytes() < telling_bytes && (of.is_followed || !is_related)) continue;
        if (best && std::pair{best->is_whole, best_bytes} >= std::pair{each.is_whole(), each.matched_bytes()}) continue;
        best = original{.index = each.index, .is_whole = each.is_whole()};
        best_bytes = each.matched_bytes();
    }
    return best;
}

}  // namespace logpipe::files
