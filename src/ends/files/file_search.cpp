#include "file_search.hpp"

#include "core/file.hpp"
#include "core/log.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace logpipe::files {

namespace {

// A copy that is still being written is not whole.
constexpr std::int64_t settled_ns = 2'000'000'000;
// A file that has not changed for longer is not kept open; a scan sees when it does.
constexpr std::int64_t idle_ns = 600'000'000'000;
constexpr std::size_t head_bytes_max = 4096;

bool is_rotated_name_of(std::string_view path, std::string_view of) {
    return path.size() > of.size() && path.starts_with(of) && (path[of.size()] == '.' || path[of.size()] == '-');
}

/// As logrotate names them: access.log.2, access.log-20260131.gz.
bool is_numbered_name_of(std::string_view path, std::string_view of) {
    if (!is_rotated_name_of(path, of)) return false;
    auto rest = path.substr(of.size() + 1);
    for (std::string_view const packed : {".gz", ".zst"})
        if (rest.ends_with(packed)) rest.remove_suffix(packed.size());
    return !rest.empty() && rest.find_first_not_of("0123456789.-") == std::string_view::npos;
}

}  // namespace

file_search::file_search(path_pattern pattern, bool until_end, event_options const& events, positions_book& book,
                         file_set& files, environment const& world)
    : pattern_{std::move(pattern)}, until_end_{until_end}, events_{events}, book_{book}, files_{files}, world_{world} {}

bool file_search::is_passed(found_file const& one) const {
    auto const found = passed_.find(one.facts.inode);
    return found != passed_.end() && found->second.bytes == one.facts.bytes &&
           found->second.modified_ns == one.facts.modified_ns;
}

void file_search::pass(found_file const& one, bool is_for_good) {
    passed_[one.facts.inode] = {one.facts.bytes, one.facts.modified_ns, is_for_good};
}

void file_search::refuse(found_file const& one, error const& reason) {
    pass(one, true);
    if (!refused_.insert_or_assign(one.path, reason.message).second) return;
    refusals_.push_back(reason);
}

std::optional<error> file_search::take_refusal() {
    if (refusals_.empty()) return std::nullopt;
    auto first = std::move(refusals_.front());
    refusals_.pop_front();
    return first;
}

std::set<std::string> file_search::scan() {
    is_undecided_ = false;
    auto expanded = pattern_.expand();
    folder_is_missing_ = expanded.folder_is_missing;
    std::erase_if(refused_, [&](auto const& each) {
        return std::ranges::find(expanded.files, each.first, &found_file::path) == expanded.files.end();
    });
    figures_.files = expanded.files.size();
    figures_.total_bytes = 0;
    for (auto const& each : expanded.files) figures_.total_bytes += each.facts.bytes;

    auto const all = sight(std::move(expanded.files));
    files_.forget_names();
    std::vector<sighting const*> unknown;
    // First those that are known by their inode: a copy of a file that is there is not its continuation.
    for (auto const& each : all)
        if (!is_open_or_passed(each) && !open_known(each)) unknown.push_back(&each);
    // What it had may be in a copy, which is looked for only then.
    if (std::exchange(has_lost_, false)) return scan();
    for (auto const* each : unknown) identify(*each, all);
    return std::move(expanded.folders);
}

/// What was found, and the relatives of known files that were not.
std::vector<file_search::sighting> file_search::sight(std::vector<found_file> found) {
    std::set<inode_id> inodes;
    for (auto const& each : found) inodes.insert(each.facts.inode);
    std::set<file_id> orphans;
    std::map<std::string, std::set<std::string>> stems;  // by folder
    known_since_.clear();
    for (auto const& each : book_.all()) {
        // One that another pattern means is none of ours.
        if (!pattern_.means(each.path)) continue;
        auto const [since, is_first] = known_since_.try_emplace(each.path, each.found_ns);
        since->second = std::min(since->second, each.found_ns);
        if (is_first) stems[folder_of(each.path)].insert(name_stem(each.path));
        auto const* const open = files_.of_id(each.id);
        if (!inodes.contains(each.inode) && (open == nullptr || open->is_lost)) orphans.insert(each.id);
    }
    if (std::exchange(orphans_, orphans) != orphans)
        std::erase_if(passed_, [](auto const& each) { return !each.second.is_for_good; });
    std::vector<sighting> all;
    for (auto& each : found) all.push_back({.at = std::move(each)});
    for (auto const& [folder, names] : stems)
        for (auto& each : files_with_stems(folder, names))
            if (inodes.insert(each.facts.inode).second) all.push_back({.at = std::move(each), .is_relative = true});
    return all;
}

bool file_search::is_open_or_passed(sighting const& one) {
    auto const& [path, facts] = one.at;
    book_.saw(facts.inode);
    auto* const open = files_.of_inode(facts.inode);
    if (open == nullptr) return is_passed(one.at);
    open->is_named = !one.is_relative;
    if (open->is_named) open->file->kept().path = path;
    if (open->path != path) {
        ++figures_.renames;
        log_info("file_source: {} is {} now", open->path, path);
        open->path = path;
        open->file->moved_to(path);
    }
    return true;
}

/// @return false where no file is known by this inode, or it holds something else now
bool file_search::open_known(sighting const& one) {
    auto const& [path, facts] = one.at;
    auto kept = book_.of_inode(facts.inode);
    if (!kept) return false;
    bool const is_packed = kept->packed_bytes != 0;
    if (is_packed && kept->packed_bytes == facts.bytes && kept->packed_modified_ns == facts.modified_ns) {
        pass(one.at, true);
        return true;
    }
    auto content = open_content(path);
    if (!content) return false;
    if (!one.is_relative) kept->path = path;
    auto file = std::make_unique<followed_file>(*std::move(content), *kept, events_);
    auto const opened = file->open_at_position();
    if (!opened || !*opened || is_packed) {
        log_info("file_source: {} holds something else than what was read of it", path);
        kept->inode = {};
        book_.update(*kept);
        has_lost_ = true;
        return false;
    }
    bool const is_idle = world_.now() - facts.modified_ns > idle_ns && !file->has_more(facts);
    if (is_idle) {
        log_info("file_source: {} was read to its end, {} bytes", path, facts.bytes);
        pass(one.at, true);
        return true;
    }
    log_info("file_source: {} is read on from byte {} of {}", path, kept->safe.at.offset, facts.bytes);
    if (!files_.open(std::move(file), path, facts, !one.is_relative)) pass(one.at, true);
    return true;
}

void file_search::identify(sighting const& one, std::vector<sighting> const& all) {
    auto const& file = one.at;
    if (file.facts.bytes == 0) {
        is_undecided_ = is_undecided_ || !one.is_relative;
        return;
    }
    auto content = open_content(file.path);
    if (!content && content.error().code == errc::not_found) return;
    auto const known = known_files(all);
    auto const match =
        content ? find_original(**content, file.path, known) : result<std::optional<original>>{content.error()};
    bool const waits = !until_end_ && may_be_unfinished_copy(file, all);
    bool is_copy = match && *match;
    if (is_copy && known[(*match)->index].is_followed && !(*content)->is_compressed()) {
        auto const bytes = bytes_now(known[(*match)->index]);
        is_undecided_ = is_undecided_ || !bytes;
        if (!bytes) return;
        // What has more than a file that is there is another file that begins alike.
        is_copy = file.facts.bytes <= *bytes;
    }
    if (is_copy) {
        take_up_copy(one, *std::move(content), known[(*match)->index], (*match)->is_whole);
    } else if (one.is_relative && !was_missed(file)) {
        pass(file, false);
    } else if (waits) {
        is_undecided_ = true;
    } else if (!match) {
        refuse(file, match.error());
    } else {
        open_new(file, *std::move(content));
    }
}

/// None where it was truncated this moment.
std::optional<std::uint64_t> file_search::bytes_now(known_file const& of) {
    auto* const open = files_.of_id(of.kept.id);
    auto const now = open != nullptr ? open->file->facts() : facts_of(of.kept.path);
    if (!now || now->bytes < of.read.at.offset) return std::nullopt;
    return now->bytes;
}

std::vector<known_file> file_search::known_files(std::vector<sighting> const& all) {
    std::vector<known_file> known;
    for (auto& kept : book_.all()) {
        auto const read = kept.safe;
        known.push_back({.kept = std::move(kept), .read = read});
        auto& one = known.back();
        if (auto* const open = files_.of_id(one.kept.id); open != nullptr) {
            one.kept = open->file->position();
            one.read = open->file->read_position();
            one.is_followed = !open->is_lost && !open->is_ended;
        } else {
            one.is_followed = book_.is_claimed(one.kept.id);  // by another source
        }
        one.is_followed = one.is_followed || (one.kept.inode && std::ranges::any_of(all, [&](sighting const& each) {
                                                  return each.at.facts.inode == one.kept.inode;
                                              }));
    }
    return known;
}

bool file_search::may_be_unfinished_copy(found_file const& one, std::vector<sighting> const& all) const {
    if (world_.now() - one.facts.modified_ns > settled_ns) return false;
    auto const is_of = [&](sighting const& each) { return is_rotated_name_of(one.path, each.at.path); };
    return std::ranges::any_of(all, is_of) || was_missed(one);
}

/// It had the name of a known file for a while when nobody looked, as between two rotations: what was rotated since the
/// name is followed is known by its inode or its content.
bool file_search::was_missed(found_file const& one) const {
    return std::ranges::any_of(known_since_, [&](auto const& each) {
        return is_numbered_name_of(one.path, each.first) && one.facts.modified_ns > each.second;
    });
}

void file_search::take_up_copy(sighting const& copy, std::unique_ptr<file_content> content, known_file const& of,
                               bool is_whole) {
    auto const& one = copy.at;
    ++figures_.copies;
    auto* const open = files_.of_id(of.kept.id);
    if (of.is_followed || !is_whole) {
        log_info("file_source: {} is a copy of {}, which was read as far: nothing of it is read again", one.path,
                 of.kept.path);
        pass(one, !of.is_followed);
        if (open != nullptr && open->is_lost) files_.end(*open);
        return;
    }
    log_info("file_source: {} is a copy of {}: it is read on from byte {}", one.path, of.kept.path, of.read.at.offset);
    if (open != nullptr && open->is_lost) {
        files_.continue_in(*open, std::move(content), one.path, one.facts);
        return;
    }
    auto kept = of.kept;
    if (!copy.is_relative) kept.path = one.path;
    kept.inode = one.facts.inode;
    auto file = std::make_unique<followed_file>(std::move(content), std::move(kept), events_);
    auto const opened = file->open_at_position();
    if (!opened || !*opened || !files_.open(std::move(file), one.path, one.facts, !copy.is_relative)) pass(one, false);
}

void file_search::open_new(found_file const& one, std::unique_ptr<file_content> content) {
    std::array<char, head_bytes_max> first;
    auto const got = content->read_at(0, first);
    if (!got || *got == 0) {
        if (!got) refuse(one, got.error());
        return;
    }
    content_hash head;
    head.add({first.data(), *got});
    auto file = std::make_unique<followed_file>(std::move(content),
                                                book_.add(one.path, one.facts.inode, head.position().at), events_);
    auto const opened = file->open_at_position();
    if (!opened) {
        refuse(one, opened.error());
        return;
    }
    // It began again meanwhile.
    if (!*opened) return;
    ++figures_.found;
    log_info("file_source: {} is read from its beginning", one.path);
    static_cast<void>(files_.open(std::move(file), one.path, one.facts, true));
}

}  // namespace logpipe::files
