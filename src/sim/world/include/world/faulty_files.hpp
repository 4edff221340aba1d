// Files in memory that keep what was synced apart from what was not: a power cut forgets the latter, or keeps pieces of
// it, as disks do. They can be full, and any operation can fail.
#pragma once

#include "core/file.hpp"
#include "core/mutex.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace logpipe::sim {

enum class file_operation { open, read, write, sync, truncate, lock, rename, remove, list, sync_folder, count };

/// Any thread.
class faulty_files final : public file_system {
  public:
    explicit faulty_files(std::uint64_t seed = 1) : random_{seed} {}

    // --- Crashes. Between power_off() and power_on() every operation fails, so that the objects of the dead process
    // can be destroyed without touching anything.
    void power_off();
    /// The machine comes back: what was not synced is there wholly, in pieces, or not at all.
    void power_on();
    /// Only the process died: all that was written is there.
    void power_on_after_kill();

    /// The power goes in the middle of what happens then, before the `calls`-th next operation.
    void lose_power_after(std::uint64_t calls);
    [[nodiscard]] bool has_power() const;

    // --- Faults.
    /// The `calls_before`-th next call of this operation fails, once. A write then leaves a piece of its bytes.
    void fail(file_operation which, errc code = errc::storage_failed, std::uint64_t calls_before = 0);
    /// Every operation fails with this probability.
    void fail_at_random(double probability) { probability_ = probability; }
    /// Every sync does.
    void fail_syncs_at_random(double probability) { sync_probability_ = probability; }
    /// What was to fail does not any more, and there is room.
    void end_faults();
    /// The folder and all in it are gone; who has a file of it open goes on writing to it.
    void vanish(std::string const& folder);
    /// Bytes that fit on the disk.
    void set_space(std::uint64_t bytes) { space_bytes_ = bytes; }
    /// Bytes that fit on the disk besides what is there.
    void set_room(std::uint64_t bytes);

    // --- Reading, and damage. Both also while somebody has the file open.
    [[nodiscard]] std::string contents(std::string const& path) const;
    void set_contents(std::string const& path, std::string bytes);
    [[nodiscard]] bool exists(std::string const& path) const;
    [[nodiscard]] std::uint64_t calls(file_operation which) const;
    /// Writes, names and folders that a power cut may take.
    [[nodiscard]] std::size_t unsynced_changes() const;

    result<std::unique_ptr<file>> open(std::string const& path, file_access access) override;
    result<> rename(std::string const& from, std::string const& to) override;
    result<> remove(std::string const& path) override;
    result<std::vector<std::string>> list(std::string const& folder) override;
    result<> make_folder(std::string const& folder) override;
    result<> sync_folder(std::string const& folder) override;
    result<disk_space> space(std::string const& folder) override;

  private:
    friend class faulty_file;

    struct change {
        bool truncation;
        std::uint64_t at;
        std::string bytes;
    };
    struct inode {
        std::string now;
        std::string synced;
        std::vector<change> unsynced;
        std::vector<change> doubtful;  // a sync of them failed: no later sync brings them to the disk
        bool locked = false;
    };
    using names = std::map<std::string, std::shared_ptr<inode>>;
    struct renaming {
        std::string from;
        std::string to;               // empty: removed
        std::shared_ptr<inode> made;  // set: created as `to`
    };

    [[nodiscard]] result<> admit(file_operation which);
    [[nodiscard]] bool is_folder(std::string const& path) const { return path == "." || folders_.contains(path); }
    [[nodiscard]] std::uint64_t used_bytes() const;
    [[nodiscard]] std::uint64_t room_bytes() const;
    [[nodiscard]] bool toss() { return random_() % 2 == 0; }
    static void apply(std::string& bytes, change const& what);
    static bool replaces(change const& newer, change const& older);
    static void apply(names& to, renaming const& what);
    void apply_pieces(std::string& bytes, std::vector<change> const& changes);
    void rename_now(renaming what);
    void forget_folders();

    mutable mutex mutex_;  // guards all below
    std::mt19937_64 random_;
    names now_;
    names synced_;
    std::vector<renaming> unsynced_;  // reach the disk in this order
    std::set<std::string> folders_;
    std::set<std::string> unsynced_folders_;  // of folders_; a name without a folder above is always there
    bool on_ = true;
    std::uint64_t life_ = 0;  // files opened in an earlier one are dead
    double probability_ = 0.0;
    double sync_probability_ = 0.0;
    std::optional<std::uint64_t> calls_left_;  // until the power goes
    std::optional<std::uint64_t> space_bytes_;
    struct planned_fault {
        errc code;
        std::uint64_t calls_before;
    };
    std::array<std::optional<planned_fault>, static_cast<std::size_t>(file_operation::count)> planned_;
    std::array<std::uint64_t, static_cast<std::size_t>(file_operation::count)> calls_{};
};

}  // namespace logpipe::sim
