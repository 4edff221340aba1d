#include "file_set.hpp"

#include "core/log.hpp"

#include <algorithm>
#include <utility>

namespace logpipe::files {

using namespace std::chrono_literals;

namespace {

// A writer that had it open before may still write there.
constexpr auto removed_idle_max = 10s;
constexpr auto renamed_idle_max = 60s;
// One that stays as it is that long is closed; a scan sees when it changes.
constexpr auto idle_max = 600s;
// logrotate makes its copy before it truncates, and may compress it at once.
constexpr auto copy_wait_max = 60s;

}  // namespace

file_set::~file_set() {
    for (auto& each : files_) book_.release(each.file->kept().id, this);
}

open_file* file_set::of_inode(inode_id which) {
    auto const found = std::ranges::find_if(files_, [&](auto& each) { return each.file->kept().inode == which; });
    return found == files_.end() ? nullptr : &*found;
}

open_file* file_set::of_id(file_id which) {
    auto const found = std::ranges::find_if(files_, [&](auto& each) { return each.file->kept().id == which; });
    return found == files_.end() ? nullptr : &*found;
}

void file_set::forget_names() {
    for (auto& each : files_) each.is_named = false;
}

bool file_set::open(std::unique_ptr<followed_file> file, std::string const& path, file_facts const& facts,
                    bool is_named) {
    if (!book_.claim(file->kept().id, this)) return false;
    bool const is_final = until_end_ || file->is_compressed();
    file->moved_to(path);
    book_.update(file->position());
    files_.push_back({.file = std::move(file),
                      .path = path,
                      .facts = facts,
                      .changed_at = world_.steady(),
                      .is_named = is_named,
                      .is_final = is_final});
    return true;
}

void file_set::continue_in(open_file& lost, std::unique_ptr<file_content> copy, std::string const& path,
                           file_facts const& facts) {
    lost.is_final = copy->is_compressed();
    lost.is_lost = false;
    lost.is_ready = true;
    lost.facts = facts;
    lost.changed_at = world_.steady();
    lost.file->kept().inode = facts.inode;
    lost.file->moved_to(path);
    lost.path = path;
    lost.file->continue_in(std::move(copy));
    book_.update(lost.file->position());
}

void file_set::end(open_file& one) {
    one.is_ended = true;
    one.is_lost = one.is_ready = false;
}

bool file_set::look() {
    for (auto& each : files_)
        if (!each.is_ended) look_at(each);
    remove_ended();
    return std::exchange(was_lost_, false);
}

void file_set::look_at(open_file& one) {
    auto const idle = world_.steady() - one.changed_at;
    if (one.is_lost) {
        if (idle < copy_wait_max) return;
        auto const bytes = one.file->backlog_bytes(one.facts);
        gone_.lost_bytes += bytes;
        if (bytes > 0)
            log_warn("file_source: {} was truncated, and no copy of it was found: {} bytes were not read",
                     one.file->kept().path, bytes);
        end(one);
        return;
    }
    auto const now = one.file->facts();
    if (!now) return;  // reading it says the same
    if (one.file->is_truncated(*now)) {
        lose(one);
        return;
    }
    if (now->bytes != one.facts.bytes || now->modified_ns != one.facts.modified_ns) one.changed_at = world_.steady();
    one.facts = *now;
    one.is_ready = one.is_ready || one.file->has_more(*now);
    if (!one.is_ready && one.file->has_waited(idle)) one.is_idle = one.is_ready = true;
    if (!one.is_ready) look_at_end(one);
}

/// Whether one that has no more is gone.
void file_set::look_at_end(open_file& one) {
    auto const idle = world_.steady() - one.changed_at;
    bool const is_gone = one.facts.is_removed ? idle >= removed_idle_max : !one.is_named && idle >= renamed_idle_max;
    if (is_gone)
        one.is_final = one.is_ready = true;
    else if (idle >= idle_max)
        end(one);
}

void file_set::lose(open_file& one) {
    ++gone_.truncations;
    log_info("file_source: {} was truncated: what is in it now is read from its beginning", one.file->kept().path);
    one.is_lost = was_lost_ = true;
    one.is_ready = false;
    one.changed_at = world_.steady();
    one.file->kept().inode = {};
    book_.update(one.file->position());
}

result<open_file*> file_set::read(batch& into) {
    for (std::size_t i = 0; i < files_.size(); ++i) {
        if (turn_ >= files_.size()) turn_ = 0;
        auto& one = files_[turn_++];
        if (!one.is_ready) continue;
        auto const state = one.is_final ? file_state::final : one.is_idle ? file_state::idle : file_state::grows;
        one.is_idle = false;
        auto const step = one.file->read(into, state);
        if (!step) {
            end(one);
            return in_context(one.file->kept().path, step.error());
        }
        if (*step == read_step::batch) return &one;
        one.is_ready = false;
        if (*step == read_step::truncated)
            lose(one);
        else if (one.is_final)
            end(one);
    }
    return nullptr;
}

bool file_set::has_ready() const {
    return std::ranges::any_of(files_, &open_file::is_ready);
}

void file_set::commit(std::span<progress const> safe) {
    for (auto const& each : safe)
        for (auto& one : files_)
            if (one.file->kept().partition == each.safe.partition && one.file->commit(each.safe.offset)) {
                one.file->kept().seen_ns = world_.now();
                book_.update(one.file->position());
            }
    remove_ended();
}

void file_set::remove_ended() {
    std::erase_if(files_, [&](open_file& one) {
        if (!one.is_ended || !one.file->all_is_safe()) return false;
        if (one.file->is_compressed()) one.file->read_to_end(one.facts);
        book_.update(one.file->position());
        book_.release(one.file->kept().id, this);
        gone_.lines += one.file->counts();
        return true;
    });
}

file_set_figures file_set::figures() const {
    auto all = gone_;
    for (auto const& each : files_) {
        all.lines += each.file->counts();
        if (each.is_ended) continue;
        ++all.open;
        all.backlog_bytes += each.file->backlog_bytes(each.facts);
    }
    return all;
}

}  // namespace logpipe::files
