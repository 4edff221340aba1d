#include "held_parts.hpp"

namespace logpipe::forward {

namespace {

// A part's nodes and strings, beside its bytes.
constexpr std::size_t part_overhead_bytes = 512;

}  // namespace

held_line* held_parts::add(std::string_view tag, message_part const& part, std::string_view record,
                           std::int64_t time_ns) {
    auto const [at, is_new] = lines_.try_emplace({std::string{tag}, std::string{part.id}});
    auto& line = at->second;
    if (line.is_taken) return nullptr;
    if (is_new) {
        line.number = ++lines_count_;
        line.tag = at->first.first;
    }
    auto const same = line.group.parts().find(part.ordinal);
    if (same != line.group.parts().end()) return same->second.record == record ? &line : nullptr;
    if (!line.group.add(part, {.record = std::string{record}, .time_ns = time_ns})) return nullptr;
    auto const bytes = record.size() + part.id.size() + tag.size() + part_overhead_bytes;
    line.bytes += bytes;
    memory_.set(memory_.bytes() + bytes);
    ++parts_count_;
    line.until.reset();
    return &line;
}

held_line* held_parts::excess() {
    if (memory_.bytes() <= limits_.held_bytes_max && lines_.size() - taken_count_ <= limits_.held_lines_max)
        return nullptr;
    held_line* oldest = nullptr;
    for (auto& [key, line] : lines_)
        if (!line.is_taken && (oldest == nullptr || line.number < oldest->number)) oldest = &line;
    return oldest;
}

std::vector<held_line*> held_parts::overdue(std::chrono::steady_clock::time_point now) {
    std::vector<held_line*> found;
    for (auto& [key, line] : lines_) {
        if (!line.until) line.until = now + limits_.timeout;
        if (*line.until <= now) found.push_back(&line);
    }
    return found;
}

std::vector<held_line*> held_parts::all() {
    std::vector<held_line*> found;
    for (auto& [key, line] : lines_) found.push_back(&line);
    return found;
}

void held_parts::take(held_line& line) noexcept {
    line.is_taken = true;
    ++taken_count_;
    memory_.set(memory_.bytes() - line.bytes);
    parts_count_ -= line.group.parts().size();
}

void held_parts::commit() noexcept {
    if (taken_count_ == 0) return;
    std::erase_if(lines_, [](auto const& each) { return each.second.is_taken; });
    taken_count_ = 0;
}

void held_parts::rollback() noexcept {
    if (taken_count_ == 0) return;
    for (auto& [key, line] : lines_) {
        if (!line.is_taken) continue;
        line.is_taken = false;
        memory_.set(memory_.bytes() + line.bytes);
        parts_count_ += line.group.parts().size();
    }
    taken_count_ = 0;
}

}  // namespace logpipe::forward
