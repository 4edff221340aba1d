#include "followed_file.hpp"

#include "core/bytes.hpp"
#include "core/path_tag.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace logpipe::files {

namespace {

constexpr std::size_t tail_bytes_max = 256;
constexpr std::size_t recent_max = 16;
// What is carried of a line that has not ended; its hash does not wait for the rest.
constexpr std::size_t carried_bytes_max = std::size_t{64} << 10U;

/// What a thread reads into: it is used between two reads only.
std::string& scratch() {
    thread_local std::string bytes(tail_bytes_max + block_bytes, '\0');
    return bytes;
}

}  // namespace

followed_file::followed_file(std::unique_ptr<file_content> content, file_position kept, event_options const& options)
    : content_{std::move(content)},
      kept_{std::move(kept)},
      options_{options},
      origin_{fmt::format("file {}", kept_.path)},
      tag_{tag_of_file(options.lines.tag, kept_.found_path.empty() ? real_path(kept_.path) : kept_.found_path)},
      splitter_{options.lines.line_bytes_max},
      at_line_end_{kept_.safe},
      joiner_{options.joins} {}

result<bool> followed_file::open_at_position() {
    auto const& safe = kept_.safe;
    hash_ = content_hash{safe, kept_.marks};
    auto& buffer = scratch();
    auto const same = begins_as_found();
    if (!same || !*same) return same;
    while (hash_.offset() < safe.at.offset) {
        auto const wanted = std::min<std::uint64_t>(buffer.size(), safe.at.offset - hash_.offset());
        auto const got = content_->read_at(hash_.offset(), {buffer.data(), static_cast<std::size_t>(wanted)});
        if (!got) return got.error();
        if (*got == 0) return false;
        std::string_view const bytes{buffer.data(), *got};
        hash_.add(bytes);
        tail_ = bytes.substr(bytes.size() - std::min(bytes.size(), tail_bytes_max));
    }
    if (hash_.position().at != safe.at) return false;
    splitter_begin_ = read_bytes_ = line_end_ = safe.at.offset;
    at_line_end_ = safe;
    return true;
}

void followed_file::continue_in(std::unique_ptr<file_content> copy) {
    content_ = std::move(copy);
    counts_ = counts();
    splitter_ = lines::line_splitter{options_.lines.line_bytes_max};
    joiner_.clear();
    splitter_begin_ = read_bytes_ = line_end_;
    // The block that it is in is read again for its hash.
    auto const marks = hash_.marks();
    auto const safe = std::exchange(kept_.safe, at_line_end_);
    auto const known_marks = std::exchange(kept_.marks, marks);
    auto const opened = open_at_position();
    kept_.safe = safe;
    kept_.marks = known_marks;
    carried_.clear();
    if (!opened || !*opened) tail_.clear();  // it was compared a moment ago: the next read tells
}

void followed_file::moved_to(std::string const& path) {
    origin_ = fmt::format("file {}", path);
}

std::uint64_t followed_file::read_limit() const {
    auto const block_end = (read_bytes_ / block_bytes + 1) * block_bytes;
    // What was sent as a chunk before a crash is that chunk again.
    auto const cut = std::ranges::find_if(kept_.cuts, [&](std::uint64_t each) { return each > read_bytes_; });
    return std::min(block_end, cut == kept_.cuts.end() ? block_end : *cut) - read_bytes_;
}

result<read_step> followed_file::read(batch& into, file_state state) {
    auto& buffer = scratch();
    was_flushed_ = false;
    while (true) {
        auto const before = is_compressed() ? 0 : tail_.size();
        auto const got = content_->read_at(read_bytes_ - before, {buffer.data(), before + read_limit()});
        if (!got) return got.error();
        std::string_view const all{buffer.data(), *got};
        if (before > 0 && all.substr(0, before) != tail_) return read_step::truncated;
        // Between the open and the first read a file can be truncated as well.
        if (read_bytes_ == 0 && !is_compressed()) {
            auto const same = begins_as_found();
            if (!same) return same.error();
            if (!*same) return read_step::truncated;
        }
        auto const bytes = all.substr(before);
        if (bytes.empty()) break;
        tail_ = all.substr(all.size() - std::min(all.size(), tail_bytes_max));
        take(bytes, into);
        if (std::ranges::find(kept_.cuts, read_bytes_) != kept_.cuts.end()) flush(into);
        if (!into.empty()) {
            give(into);
            return read_step::batch;
        }
    }
    if (state == file_state::grows) return read_step::nothing;
    if (state == file_state::final)
        finish(into);
    else
        flush(into);
    if (into.empty()) return read_step::nothing;
    was_flushed_ = joiner_.is_on();
    give(into);
    return read_step::batch;
}

result<bool> followed_file::begins_as_found() {
    std::string head(kept_.head.offset, '\0');
    auto const got = content_->read_at(0, head);
    if (!got) return got.error();
    content_hash begin;
    begin.add(std::string_view{head}.substr(0, *got));
    return head.empty() || begin.position().at == kept_.head;
}

void followed_file::take(std::string_view bytes, batch& into) {
    auto left = bytes;
    while (auto const line = splitter_.next(left))
        take_line(into, *line, splitter_begin_ + splitter_.offset_bytes(), bytes);
    if (auto const last = bytes.rfind('\n'); last != std::string_view::npos) {
        hash_to(read_bytes_ + last + 1, bytes);
        if (!joiner_.is_on()) end_line();
    }
    carried_.append(bytes.substr(hash_.offset() + carried_.size() - read_bytes_));
    if (carried_.size() > carried_bytes_max) {
        hash_.add(carried_);
        carried_.clear();
    }
    read_bytes_ += bytes.size();
}

/// @param bytes  from read_bytes_ on
void followed_file::hash_to(std::uint64_t offset, std::string_view bytes) {
    if (offset <= hash_.offset()) return;
    hash_.add(carried_);
    carried_.clear();
    hash_.add(bytes.substr(hash_.offset() - read_bytes_, offset - hash_.offset()));
}

/// What was hashed is in lines that are given.
void followed_file::end_line() {
    at_line_end_ = hash_.position();
    line_end_ = at_line_end_.at.offset;
}

void followed_file::take_line(batch& into, lines::input_line const& line, std::uint64_t end, std::string_view bytes) {
    if (!joiner_.is_on()) return append(into, line, end);
    if (line.cut || joiner_.begins(line.text)) flush(into);
    hash_to(end, bytes);
    if (line.cut) {
        append(into, line, end);
        end_line();
        return;
    }
    joiner_.add(line.text);
    joined_end_ = end;
    joined_to_ = hash_.position();
    if (joiner_.is_complete()) flush(into);
}

void followed_file::flush(batch& into) {
    if (joiner_.is_empty()) return;
    append(into, {.text = joiner_.text(), .cut = false}, joined_end_);
    at_line_end_ = joined_to_;
    line_end_ = joined_to_.at.offset;
    joiner_.clear();
}

void followed_file::append(batch& into, lines::input_line const& line, std::uint64_t end) {
    auto const index = static_cast<std::uint32_t>(into.events.size());
    // Of two lines that end with one hole the second is the hole: it is named by the byte after.
    auto place = end - 1;
    if (index > 0) place = std::max(place, into.events.back().offset + 1);
    into.append(into.tag_index(tag_), id_at(place), kept_.found_ns, line.text).offset = place;
    if (!line.cut) return;
    ++cut_lines_;
    into.reject(index, "ingest", fmt::format("line over {} bytes", options_.lines.line_bytes_max));
}

event_id followed_file::id_at(std::uint64_t offset) {
    auto const block = offset / block_bytes;
    if (block_ != block) {
        std::array<char, 24> name;
        store_little(name.data(), kept_.id.high);
        store_little(name.data() + 8, kept_.id.low);
        store_little(name.data() + 16, block);
        chunk_ = chunk_hash("file", {name.data(), name.size()}, {});
        block_ = block;
    }
    return chunk_.at(static_cast<std::uint32_t>(offset % block_bytes));
}

void followed_file::finish(batch& into) {
    auto const line = splitter_.finish();
    // Where its line end would be: should one follow after all, it is the same line.
    if (line) take_line(into, *line, read_bytes_ + 1, {});
    flush(into);
    hash_to(read_bytes_, {});
    end_line();
    counts_ = counts();
    splitter_ = lines::line_splitter{options_.lines.line_bytes_max};
    splitter_begin_ = read_bytes_;
}

void followed_file::give(batch& into) {
    into.partition = kept_.partition;
    into.end_offset = line_end_;
    into.origin = origin_;
    unsafe_.push_back(at_line_end_);
    recent_.push_back(at_line_end_.at);
    if (recent_.size() > recent_max) recent_.pop_front();
}

void followed_file::keep_cut() {
    if (std::ranges::find(kept_.cuts, line_end_) == kept_.cuts.end()) kept_.cuts.push_back(line_end_);
}

bool followed_file::commit(std::uint64_t safe_offset) {
    bool moved = false;
    while (!unsafe_.empty() && unsafe_.front().at.offset <= safe_offset) {
        kept_.safe = unsafe_.front();
        unsafe_.pop_front();
        moved = true;
    }
    std::erase_if(kept_.cuts, [this](std::uint64_t each) { return each <= kept_.safe.at.offset; });
    return moved;
}

file_position const& followed_file::position() {
    kept_.marks = hash_.marks();
    kept_.marks.insert(kept_.marks.end(), recent_.begin(), recent_.end());
    std::ranges::sort(kept_.marks, {}, &content_mark::offset);
    auto const [first, last] = std::ranges::unique(kept_.marks);
    kept_.marks.erase(first, last);
    std::erase_if(kept_.marks, [this](content_mark const& each) { return each.offset > line_end_; });
    return kept_;
}

bool followed_file::is_truncated(file_facts const& now) const noexcept {
    return !content_->is_compressed() && now.bytes < std::max(read_bytes_, kept_.head.offset);
}

bool followed_file::has_more(file_facts const& now) const noexcept {
    return !content_->is_compressed() && now.bytes > read_bytes_;
}

void followed_file::read_to_end(file_facts const& packed) {
    kept_.packed_bytes = packed.bytes;
    kept_.packed_modified_ns = packed.modified_ns;
}

std::uint64_t followed_file::backlog_bytes(file_facts const& now) const noexcept {
    if (content_->is_compressed()) return 0;
    return now.bytes - std::min(now.bytes, line_end_);
}

line_counts& line_counts::operator+=(line_counts const& more) noexcept {
    bytes += more.bytes;
    empty_lines += more.empty_lines;
    cut_lines += more.cut_lines;
    hole_bytes += more.hole_bytes;
    joined_lines += more.joined_lines;
    cut_events += more.cut_events;
    return *this;
}

line_counts followed_file::counts() const noexcept {
    return {.bytes = counts_.bytes + splitter_.offset_bytes(),
            .empty_lines = counts_.empty_lines + splitter_.empty_lines(),
            .cut_lines = cut_lines_,
            .hole_bytes = counts_.hole_bytes + splitter_.hole_bytes(),
            .joined_lines = joiner_.joined_lines(),
            .cut_events = joiner_.cut_events()};
}

}  // namespace logpipe::files
