#include "positions_book.hpp"

#include "core/disk_reserve.hpp"
#include "core/log.hpp"
#include "core/path_tag.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace logpipe::files {

namespace {

constexpr std::size_t file_bytes_max = std::size_t{64} << 20U;

// So seldom is written that a file is still there.
constexpr std::chrono::hours seen_again_after{1};

/// A group's name as part of a file's.
std::string file_name(std::string_view group) {
    std::string name = "files-";
    for (char const c : group) name.push_back(c == '/' || c == '\0' ? '_' : c);
    return name;
}

}  // namespace

result<std::shared_ptr<positions_book>> positions_book::open(std::string const& folder, std::string const& group,
                                                             environment world) {
    auto& files = *world.files;
    auto const path = fmt::format("{}/{}.state", folder, file_name(group));
    if (auto made = make_lasting_folder(files, folder); !made) return in_context("--state", made.error());
    auto lock = files.open(path + ".lock", file_access::create);
    if (!lock) return in_context("--state", lock.error());
    if (auto locked = (*lock)->lock(); !locked)
        return error{locked.error().code, fmt::format("{}: {}; another process follows files with this state: stop "
                                                      "it, or give this one its own folder (--state)",
                                                      path, locked.error().message)};
    std::shared_ptr<positions_book> book{new positions_book{path, std::move(world)}};
    book->lock_ = *std::move(lock);
    if (auto loaded = book->load(); !loaded) return loaded.error();
    return book;
}

result<> positions_book::load() {
    mutex_lock lock{mutex_};
    auto text = file_.load(file_bytes_max);
    if (!text && text.error().code == errc::not_found) return {};
    auto parsed = text ? parse_positions(*text) : result<std::vector<file_position>>{text.error()};
    if (!parsed && parsed.error().code != errc::corrupt) return in_context(file_.path(), parsed.error());
    if (!parsed) {
        auto const path = file_.path();
        if (auto aside = world_.files->rename(path, path + ".bad"); !aside) return aside;
        log_error("file_source: {}: {}; it is now {}.bad, and every file is read from its beginning, with new ids",
                  path, parsed.error().message, path);
        return {};
    }
    for (auto& each : *parsed) {
        next_partition_ = std::max(next_partition_, each.partition + 1);
        put(each);
    }
    return {};
}

file_position positions_book::add(std::string path, inode_id inode, content_mark head) {
    mutex_lock lock{mutex_};
    auto const now = world_.now();
    auto found_path = real_path(path);
    file_position made{.id = {.high = world_.random(), .low = world_.random()},
                       .partition = next_partition_++,
                       .path = std::move(path),
                       .found_path = std::move(found_path),
                       .inode = inode,
                       .found_ns = now,
                       .seen_ns = now,
                       .head = head};
    put(made);
    changed_ = true;
    return made;
}

void positions_book::update(file_position const& changed) {
    mutex_lock lock{mutex_};
    if (all_[changed.id] == changed) return;
    put(changed);
    changed_ = true;
}

void positions_book::put(file_position const& one) {
    auto& kept = all_[one.id];
    if (auto const before = by_inode_.find(kept.inode); before != by_inode_.end() && before->second == one.id)
        by_inode_.erase(before);
    kept = one;
    if (one.inode) by_inode_[one.inode] = one.id;
}

void positions_book::saw(inode_id which) {
    mutex_lock lock{mutex_};
    auto const found = by_inode_.find(which);
    if (found == by_inode_.end()) return;
    auto& kept = all_.at(found->second);
    auto const now = world_.now();
    if (now - kept.seen_ns < std::chrono::nanoseconds{seen_again_after}.count()) return;
    kept.seen_ns = now;
    changed_ = true;
}

bool positions_book::claim(file_id id, void const* by) {
    mutex_lock lock{mutex_};
    return claims_.try_emplace(id, by).first->second == by;
}

void positions_book::release(file_id id, void const* by) {
    mutex_lock lock{mutex_};
    if (auto const found = claims_.find(id); found != claims_.end() && found->second == by) claims_.erase(found);
}

bool positions_book::is_claimed(file_id id) const {
    mutex_lock lock{mutex_};
    return claims_.contains(id);
}

std::optional<file_position> positions_book::of_inode(inode_id which) const {
    mutex_lock lock{mutex_};
    auto const found = by_inode_.find(which);
    if (found == by_inode_.end()) return std::nullopt;
    return all_.at(found->second);
}

std::vector<file_position> positions_book::all() const {
    mutex_lock lock{mutex_};
    std::vector<file_position> all;
    for (auto const& [id, each] : all_) all.push_back(each);
    return all;
}

std::size_t positions_book::count() const {
    mutex_lock lock{mutex_};
    return all_.size();
}

void positions_book::forget_old() {
    auto const oldest = world_.now() - std::chrono::nanoseconds{forget_after}.count();
    auto const is_free = [this](file_id id) LOGPIPE_REQUIRES(mutex_) { return !claims_.contains(id); };
    std::erase_if(all_, [&](auto const& each)
                            LOGPIPE_REQUIRES(mutex_) { return each.second.seen_ns < oldest && is_free(each.first); });
    while (all_.size() > files_max) {
        auto first = all_.end();
        for (auto each = all_.begin(); each != all_.end(); ++each)
            if (is_free(each->first) && (first == all_.end() || each->second.seen_ns < first->second.seen_ns))
                first = each;
        if (first == all_.end()) break;
        all_.erase(first);
    }
    std::erase_if(by_inode_, [&](auto const& each) LOGPIPE_REQUIRES(mutex_) { return !all_.contains(each.second); });
}

result<> positions_book::save() {
    mutex_lock lock{mutex_};
    if (!changed_) return {};
    forget_old();
    std::vector<file_position> all;
    for (auto const& [id, each] : all_) all.push_back(each);
    auto const text = to_json(all);
    auto* const file = &file_;  // clang does not see the lock within the lambda
    auto stored = with_reserve(*world_.files, folder_of(path_), [&] { return file->store(text); });
    if (stored) changed_ = false;
    return stored;
}

}  // namespace logpipe::files
