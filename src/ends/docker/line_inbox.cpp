#include "line_inbox.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace logpipe::docker {

void line_inbox::restore(std::map<std::string, container_position> before) {
    mutex_lock const lock{mutex_};
    before_ = std::move(before);
}

std::uint32_t line_inbox::join(std::string const& id) {
    mutex_lock const lock{mutex_};
    auto const [at, is_new] = partitions_.try_emplace(id, next_partition_);
    auto& mine = queues_[at->second];
    if (is_new) {
        ++next_partition_;
        mine.id = id;
        if (auto const known = before_.find(id); known != before_.end()) {
            mine.position = mine.safe = known->second;
            mine.has_safe = true;
        }
    }
    mine.followed = true;
    return at->second;
}

void line_inbox::leave(std::uint32_t partition) {
    mutex_lock const lock{mutex_};
    queues_.at(partition).followed = false;
    drop_finished();
}

/// The partition's number is not reused: what is committed late for it is ignored.
void line_inbox::drop_finished() {
    std::erase_if(queues_, [this](auto const& each) LOGPIPE_REQUIRES(mutex_) {
        auto const& one = each.second;
        if (!one.gone || one.followed || !one.waiting.empty() || !one.given.empty()) return false;
        partitions_.erase(one.id);
        return true;
    });
}

container_position line_inbox::position_of(std::uint32_t partition) const {
    mutex_lock const lock{mutex_};
    return queues_.at(partition).position;
}

void line_inbox::forget(std::string const& id) {
    mutex_lock const lock{mutex_};
    before_.erase(id);
    if (auto const known = partitions_.find(id); known != partitions_.end()) queues_.at(known->second).gone = true;
    drop_finished();
}

void line_inbox::keep_only(std::span<std::string const> ids) {
    mutex_lock const lock{mutex_};
    auto const is_kept = [&](std::string const& id) { return std::ranges::find(ids, id) != ids.end(); };
    std::erase_if(before_, [&](auto const& each) { return !is_kept(each.first); });
    for (auto& [partition, each] : queues_) each.gone = !is_kept(each.id);
    drop_finished();
}

void line_inbox::add(std::uint32_t partition, std::string_view tag, engine_line const& line, std::string_view record) {
    mutex_lock const lock{mutex_};
    auto& mine = queues_.at(partition);
    auto& events = mine.waiting;
    auto& row = events.append(events.tag_index(tag), {}, line.time_ns, record);
    row.offset = mine.next_offset++;
    // What may still grow is read once more by the next start.
    if (line.ended) mine.position.pass(line.stream, line.time_ns);
    memory_.set(memory_.bytes() + record.size());
    mine.unsafe_bytes += record.size();
    unsafe_bytes_ += record.size();
    ++lines_;
    changed_.notify_all();
}

bool line_inbox::has_room(std::uint32_t partition) const {
    mutex_lock const lock{mutex_};
    auto const& mine = queues_.at(partition);
    if (memory_.bytes() >= bytes_max_ || mine.waiting.full()) return false;
    // One piece is always let in, so that a container with nothing on its way never waits for the others.
    auto const left = unsafe_bytes_max_ - std::min(unsafe_bytes_, unsafe_bytes_max_);
    return mine.unsafe_bytes == 0 || mine.unsafe_bytes < left;
}

line_inbox::queue_map::iterator line_inbox::next_waiting() {
    auto const has_some = [](auto const& each) { return !each.second.waiting.empty(); };
    auto const after = queues_.upper_bound(turn_);
    auto const found = std::find_if(after, queues_.end(), has_some);
    if (found != queues_.end()) return found;
    auto const before = std::find_if(queues_.begin(), after, has_some);
    return before == after ? queues_.end() : before;
}

line_inbox::taken line_inbox::take(batch& into, steady_time until, bool& made_room) {
    mutex_lock lock{mutex_};
    auto at = queues_.end();
    changed_.wait_until(lock, until, [&]() LOGPIPE_REQUIRES(mutex_) {
        at = next_waiting();
        return at != queues_.end() || woken_ || closed_;
    });
    woken_ = false;
    if (at == queues_.end()) return closed_ ? taken::closed_and_empty : taken::nothing;
    auto& from = at->second;
    turn_ = at->first;
    std::swap(into, from.waiting);
    into.partition = at->first;
    into.end_offset = from.next_offset;
    into.origin = fmt::format("docker {}", from.id.substr(0, 12));
    from.waiting.clear();
    from.given.push_back({.offset = into.end_offset, .position = from.position, .bytes = into.records.size()});
    memory_.set(memory_.bytes() - into.records.size());
    made_room = true;
    return taken::events;
}

void line_inbox::wake() {
    mutex_lock const lock{mutex_};
    woken_ = true;
    changed_.notify_all();
}

void line_inbox::close() {
    mutex_lock const lock{mutex_};
    closed_ = true;
    changed_.notify_all();
}

bool line_inbox::commit(std::span<progress const> safe) {
    mutex_lock const lock{mutex_};
    bool changed = false;
    for (auto const& part : safe) {
        auto const known = queues_.find(part.safe.partition);
        if (known == queues_.end()) continue;
        auto& mine = known->second;
        while (!mine.given.empty() && mine.given.front().offset <= part.safe.offset) {
            mine.safe = mine.given.front().position;
            mine.has_safe = true;
            mine.unsafe_bytes -= mine.given.front().bytes;
            unsafe_bytes_ -= mine.given.front().bytes;
            mine.given.pop_front();
            changed = true;
        }
    }
    drop_finished();
    return changed;
}

std::map<std::string, container_position> line_inbox::safe_positions() const {
    mutex_lock const lock{mutex_};
    auto out = before_;
    for (auto const& [partition, each] : queues_)
        if (each.has_safe) out.insert_or_assign(each.id, each.safe);
    return out;
}

std::uint64_t line_inbox::lines() const {
    mutex_lock const lock{mutex_};
    return lines_;
}

std::size_t line_inbox::bytes() const {
    mutex_lock const lock{mutex_};
    return memory_.bytes();
}

std::size_t line_inbox::unsafe_bytes() const {
    mutex_lock const lock{mutex_};
    return unsafe_bytes_;
}

}  // namespace logpipe::docker
