#include "world/faulty_files.hpp"

#include <algorithm>
#include <limits>

namespace logpipe::sim {

namespace {

error off() {
    return error{errc::storage_failed, "the power is off"};
}

}  // namespace

class faulty_file final : public file {
  public:
    faulty_file(faulty_files& of, std::string path, std::shared_ptr<faulty_files::inode> node)
        : of_{of}, path_{std::move(path)}, node_{std::move(node)}, life_{of.life_} {}
    ~faulty_file() override {
        mutex_lock const lock{of_.mutex_};
        if (locked_ && life_ == of_.life_) node_->locked = false;
    }
    faulty_file(faulty_file const&) = delete;
    faulty_file& operator=(faulty_file const&) = delete;

    result<std::size_t> read_at(std::uint64_t offset_bytes, std::span<char> into) const override {
        mutex_lock const lock{of_.mutex_};
        if (auto admitted = admit(file_operation::read); !admitted) return admitted.error();
        if (offset_bytes >= node_->now.size()) return std::size_t{0};
        auto const got = node_->now.copy(into.data(), into.size(), static_cast<std::size_t>(offset_bytes));
        return got;
    }

    result<> write_at(std::uint64_t offset_bytes, std::span<std::string_view const> parts) override {
        mutex_lock const lock{of_.mutex_};
        std::string bytes;
        for (auto const part : parts) bytes += part;
        auto admitted = admit(file_operation::write);
        if (!admitted && (!of_.on_ || life_ != of_.life_)) return admitted;
        if (!admitted) {
            bytes.resize(bytes.empty() ? 0 : of_.random_() % bytes.size());
        } else if (of_.space_bytes_) {
            auto const growth =
                std::max<std::uint64_t>(node_->now.size(), offset_bytes + bytes.size()) - node_->now.size();
            auto const room = of_.room_bytes();
            if (growth > room) {
                bytes.resize(bytes.size() -
                             static_cast<std::size_t>(std::min<std::uint64_t>(growth - room, bytes.size())));
                admitted = error{errc::storage_full, "no space left on the disk"};
            }
        }
        change({.truncation = false, .at = offset_bytes, .bytes = std::move(bytes)});
        return admitted;
    }

    result<> truncate(std::uint64_t bytes) override {
        mutex_lock const lock{of_.mutex_};
        if (auto admitted = admit(file_operation::truncate); !admitted) return admitted;
        change({.truncation = true, .at = bytes, .bytes = {}});
        return {};
    }

    result<> sync_data() override {
        mutex_lock const lock{of_.mutex_};
        if (auto admitted = admit(file_operation::sync); !admitted) {
            if (!of_.on_ || life_ != of_.life_) return admitted;
            // The kernel marks the pages clean: the next sync knows nothing of them.
            std::ranges::move(node_->unsynced, std::back_inserter(node_->doubtful));
            node_->unsynced.clear();
            return admitted;
        }
        for (auto const& what : node_->unsynced) {
            std::erase_if(node_->doubtful, [&](auto const& older) { return faulty_files::replaces(what, older); });
            faulty_files::apply(node_->synced, what);
        }
        node_->unsynced.clear();
        return {};
    }

    result<std::uint64_t> bytes() const override {
        mutex_lock const lock{of_.mutex_};
        if (auto admitted = admit(file_operation::read); !admitted) return admitted.error();
        return std::uint64_t{node_->now.size()};
    }

    result<> allocate(std::uint64_t bytes) override {
        mutex_lock const lock{of_.mutex_};
        if (auto admitted = admit(file_operation::write); !admitted) return admitted;
        auto const have = node_->now.size();
        if (bytes <= have) return {};
        if (bytes - have > of_.room_bytes()) return error{errc::storage_full, "no space left on the disk"};
        change({.truncation = true, .at = bytes, .bytes = {}});
        return {};
    }

    result<> in_place() const override {
        mutex_lock const lock{of_.mutex_};
        if (!of_.on_ || life_ != of_.life_) return off();
        auto const named = of_.now_.find(path_);
        if (named != of_.now_.end() && named->second == node_) return {};
        return error{errc::storage_failed, path_ + " is gone"};
    }

    result<> lock() override {
        mutex_lock const lock{of_.mutex_};
        if (auto admitted = admit(file_operation::lock); !admitted) return admitted;
        if (node_->locked && !locked_) return error{errc::busy, "locked"};
        node_->locked = locked_ = true;
        return {};
    }

  private:
    [[nodiscard]] result<> admit(file_operation which) const { return life_ == of_.life_ ? of_.admit(which) : off(); }
    void change(faulty_files::change what) {
        faulty_files::apply(node_->now, what);
        if (!what.truncation && !what.bytes.empty()) revive(what.at, what.at + what.bytes.size());
        node_->unsynced.push_back(std::move(what));
    }

    /// The kernel writes whole blocks: what a failed sync has left in one goes along with what is written there next.
    void revive(std::uint64_t begin, std::uint64_t end) {
        constexpr std::uint64_t block_bytes = 4096;
        begin -= begin % block_bytes;
        end += block_bytes - 1 - (end - 1) % block_bytes;
        auto const is_inside = [&](auto const& older) {
            return !older.truncation && older.at >= begin && older.at + older.bytes.size() <= end;
        };
        auto& doubtful = node_->doubtful;
        auto const left = std::ranges::stable_partition(doubtful, [&](auto const& older) { return !is_inside(older); });
        std::ranges::move(left, std::back_inserter(node_->unsynced));
        doubtful.erase(left.begin(), left.end());
    }

    faulty_files& of_;
    std::string const path_;
    std::shared_ptr<faulty_files::inode> const node_;
    std::uint64_t const life_;
    bool locked_ = false;
};

void faulty_files::apply(std::string& bytes, change const& what) {
    auto const at = static_cast<std::size_t>(what.at);
    if (what.truncation) {
        bytes.resize(at);
        return;
    }
    if (what.bytes.empty()) return;
    bytes.resize(std::max(bytes.size(), at + what.bytes.size()));
    bytes.replace(at, what.bytes.size(), what.bytes);
}

/// What is on disk since `newer` was synced cannot be undone by what was written before.
bool faulty_files::replaces(change const& newer, change const& older) {
    auto const older_end = older.at + older.bytes.size();
    if (older.truncation) return true;
    if (newer.truncation) return older_end > newer.at;
    return older_end > newer.at && older.at < newer.at + newer.bytes.size();
}

void faulty_files::apply(names& to, renaming const& what) {
    auto node = what.made;
    if (auto const found = to.find(what.from); found != to.end()) {
        if (!node) node = found->second;
        to.erase(found);
    }
    if (!what.to.empty() && node) to[what.to] = node;
}

void faulty_files::apply_pieces(std::string& bytes, std::vector<change> const& changes) {
    for (auto what : changes) {
        if (toss()) continue;
        if (!what.bytes.empty() && toss()) what.bytes.resize(random_() % what.bytes.size());
        apply(bytes, what);
    }
}

void faulty_files::power_off() {
    mutex_lock const lock{mutex_};
    on_ = false;
}

void faulty_files::lose_power_after(std::uint64_t calls) {
    mutex_lock const lock{mutex_};
    calls_left_ = calls;
}

bool faulty_files::has_power() const {
    mutex_lock const lock{mutex_};
    return on_;
}

void faulty_files::power_on() {
    mutex_lock const lock{mutex_};
    calls_left_.reset();
    unsynced_.resize(random_() % (unsynced_.size() + 1));
    for (auto const& what : unsynced_) apply(synced_, what);
    unsynced_.clear();
    forget_folders();
    now_ = synced_;
    std::set<inode*> done;
    for (auto const& [name, node] : now_) {
        if (!done.insert(node.get()).second) continue;
        apply_pieces(node->synced, node->doubtful);
        apply_pieces(node->synced, node->unsynced);
        node->doubtful.clear();
        node->unsynced.clear();
        node->now = node->synced;
        node->locked = false;
    }
    ++life_;
    on_ = true;
}

/// A folder whose name was not synced may be gone, and with it all that is in it, synced or not.
void faulty_files::forget_folders() {
    for (auto const& folder : std::exchange(unsynced_folders_, {})) {
        if (toss()) continue;
        auto const is_inside = [&](std::string const& path) {
            return path == folder || path.starts_with(folder + "/");
        };
        std::erase_if(folders_, is_inside);
        std::erase_if(synced_, [&](auto const& named) { return is_inside(named.first); });
    }
}

void faulty_files::power_on_after_kill() {
    mutex_lock const lock{mutex_};
    for (auto const& [name, node] : now_) node->locked = false;
    ++life_;
    on_ = true;
}

void faulty_files::fail(file_operation which, errc code, std::uint64_t calls_before) {
    mutex_lock const lock{mutex_};
    planned_[static_cast<std::size_t>(which)] = planned_fault{code, calls_before};
}

void faulty_files::end_faults() {
    mutex_lock const lock{mutex_};
    planned_ = {};
    probability_ = sync_probability_ = 0;
    calls_left_.reset();
    space_bytes_.reset();
}

result<> faulty_files::admit(file_operation which) {
    if (calls_left_ && (*calls_left_)-- == 0) {
        calls_left_.reset();
        on_ = false;
    }
    if (!on_) return off();
    auto const index = static_cast<std::size_t>(which);
    ++calls_[index];
    if (auto& planned = planned_[index]; planned && planned->calls_before-- == 0) {
        auto const code = planned->code;
        planned.reset();
        return error{code, "a fault that the test wants"};
    }
    if (which == file_operation::sync && sync_probability_ > 0 &&
        std::uniform_real_distribution{}(random_) < sync_probability_)
        return error{errc::storage_failed, "a sync that fails at random"};
    if (probability_ > 0 && std::uniform_real_distribution{}(random_) < probability_)
        return error{errc::storage_failed, "a fault at random"};
    return {};
}

std::uint64_t faulty_files::used_bytes() const {
    std::uint64_t bytes = 0;
    for (auto const& [name, node] : now_) bytes += node->now.size();
    return bytes;
}

std::uint64_t faulty_files::room_bytes() const {
    if (!space_bytes_) return std::numeric_limits<std::uint64_t>::max() / 2;
    auto const used = used_bytes();
    return *space_bytes_ > used ? *space_bytes_ - used : 0;
}

void faulty_files::set_room(std::uint64_t bytes) {
    mutex_lock const lock{mutex_};
    space_bytes_ = used_bytes() + bytes;
}

void faulty_files::vanish(std::string const& folder) {
    mutex_lock const lock{mutex_};
    auto const is_inside = [&](std::string const& path) { return path == folder || path.starts_with(folder + "/"); };
    std::erase_if(folders_, is_inside);
    for (auto* const each : {&now_, &synced_})
        std::erase_if(*each, [&](auto const& named) { return is_inside(named.first); });
    std::erase_if(unsynced_folders_, is_inside);
    std::erase_if(unsynced_, [&](renaming const& what) { return is_inside(what.from) || is_inside(what.to); });
}

std::string faulty_files::contents(std::string const& path) const {
    mutex_lock const lock{mutex_};
    return now_.at(path)->now;
}

void faulty_files::set_contents(std::string const& path, std::string bytes) {
    mutex_lock const lock{mutex_};
    auto& node = now_[path];
    if (!node) node = std::make_shared<inode>();
    synced_[path] = node;
    folders_.insert(folder_of(path));
    node->unsynced.clear();
    node->now = node->synced = std::move(bytes);
}

bool faulty_files::exists(std::string const& path) const {
    mutex_lock const lock{mutex_};
    return now_.contains(path);
}

std::uint64_t faulty_files::calls(file_operation which) const {
    mutex_lock const lock{mutex_};
    return calls_[static_cast<std::size_t>(which)];
}

std::size_t faulty_files::unsynced_changes() const {
    mutex_lock const lock{mutex_};
    auto count = unsynced_.size() + unsynced_folders_.size();
    for (auto const& [name, node] : now_) count += node->unsynced.size() + node->doubtful.size();
    return count;
}

void faulty_files::rename_now(renaming what) {
    apply(now_, what);
    unsynced_.push_back(std::move(what));
}

result<std::unique_ptr<file>> faulty_files::open(std::string const& path, file_access access) {
    mutex_lock const lock{mutex_};
    if (auto admitted = admit(file_operation::open); !admitted) return admitted.error();
    if (!now_.contains(path)) {
        if (access != file_access::create || !is_folder(folder_of(path)))
            return error{errc::not_found, path + " is not there"};
        rename_now({.from = {}, .to = path, .made = std::make_shared<inode>()});
    }
    return std::unique_ptr<file>{std::make_unique<faulty_file>(*this, path, now_.at(path))};
}

result<> faulty_files::rename(std::string const& from, std::string const& to) {
    mutex_lock const lock{mutex_};
    if (auto admitted = admit(file_operation::rename); !admitted) return admitted;
    if (!now_.contains(from)) return error{errc::not_found, from + " is not there"};
    rename_now({.from = from, .to = to, .made = nullptr});
    return {};
}

result<> faulty_files::remove(std::string const& path) {
    mutex_lock const lock{mutex_};
    if (auto admitted = admit(file_operation::remove); !admitted) return admitted;
    if (!now_.contains(path)) return error{errc::not_found, path + " is not there"};
    rename_now({.from = path, .to = {}, .made = nullptr});
    return {};
}

result<std::vector<std::string>> faulty_files::list(std::string const& folder) {
    mutex_lock const lock{mutex_};
    if (auto admitted = admit(file_operation::list); !admitted) return admitted.error();
    if (!is_folder(folder)) return error{errc::not_found, folder + " is not there"};
    std::vector<std::string> found;
    for (auto const& [name, node] : now_)
        if (folder_of(name) == folder) found.push_back(name.substr(name.find_last_of('/') + 1));
    for (auto const& name : folders_)
        if (name != folder && folder_of(name) == folder) found.push_back(name.substr(name.find_last_of('/') + 1));
    std::ranges::sort(found);
    return found;
}

result<> faulty_files::make_folder(std::string const& folder) {
    mutex_lock const lock{mutex_};
    if (!on_) return off();
    for (auto at = folder; at != "."; at = folder_of(at))
        if (folders_.insert(at).second && folder_of(at) != ".") unsynced_folders_.insert(at);
    return {};
}

result<> faulty_files::sync_folder(std::string const& folder) {
    mutex_lock const lock{mutex_};
    if (auto admitted = admit(file_operation::sync_folder); !admitted) return admitted;
    if (!is_folder(folder)) return error{errc::not_found, folder + " is not there"};
    std::erase_if(unsynced_folders_, [&](std::string const& name) { return folder_of(name) == folder; });
    // One log of the files' names for the whole disk, as with file systems that keep a journal.
    for (auto const& what : unsynced_) apply(synced_, what);
    unsynced_.clear();
    return {};
}

result<disk_space> faulty_files::space(std::string const& folder) {
    mutex_lock const lock{mutex_};
    if (!on_) return off();
    if (!is_folder(folder)) return error{errc::not_found, folder + " is not there"};
    auto const room = room_bytes();
    return disk_space{.total_bytes = space_bytes_.value_or(room), .available_bytes = room};
}

}  // namespace logpipe::sim
