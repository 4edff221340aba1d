// The positions of all files that the sources of a group follow, durable. A process has it alone; its sources share it.
#pragma once

#include "core/environment.hpp"
#include "core/mutex.hpp"
#include "core/slot_file.hpp"
#include "file_position.hpp"
#include "logpipe/descriptor.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace logpipe::files {

/// Any thread. What is changed is durable after the next save().
class positions_book final : public shared_resource {
  public:
    /// Files that were not seen for so long are forgotten, and the oldest above the count.
    static constexpr std::chrono::hours forget_after{7 * 24};
    static constexpr std::size_t files_max = 10'000;

    /// @return errc::busy when another process has it, errc::storage_failed when it cannot be read
    [[nodiscard]] static result<std::shared_ptr<positions_book>> open(std::string const& folder,
                                                                      std::string const& group, environment world);

    /// A new file; its id is random.
    [[nodiscard]] file_position add(std::string path, inode_id inode, content_mark head);
    void update(file_position const& changed);
    /// Has that file for the caller alone. @return false when another source of this process has it
    [[nodiscard]] bool claim(file_id id, void const* by);
    void release(file_id id, void const* by);
    [[nodiscard]] bool is_claimed(file_id id) const;

    /// It is there, so it is not forgotten.
    void saw(inode_id which);
    [[nodiscard]] std::optional<file_position> of_inode(inode_id which) const;
    [[nodiscard]] std::vector<file_position> all() const;
    [[nodiscard]] std::size_t count() const;

    /// Nothing happens where nothing has changed.
    [[nodiscard]] result<> save();
    [[nodiscard]] std::string const& path() const noexcept { return path_; }
    void tend() override {}

  private:
    positions_book(std::string path, environment world)
        : world_{std::move(world)}, path_{std::move(path)}, file_{*world_.files, path_} {}
    [[nodiscard]] result<> load();
    void put(file_position const& one) LOGPIPE_REQUIRES(mutex_);
    void forget_old() LOGPIPE_REQUIRES(mutex_);

    environment const world_;
    std::string const path_;
    std::unique_ptr<file> lock_;
    mutable mutex mutex_;
    slot_file file_ LOGPIPE_GUARDED_BY(mutex_);
    std::map<file_id, file_position> all_ LOGPIPE_GUARDED_BY(mutex_);
    std::map<inode_id, file_id> by_inode_ LOGPIPE_GUARDED_BY(mutex_);
    std::map<file_id, void const*> claims_ LOGPIPE_GUARDED_BY(mutex_);
    std::uint32_t next_partition_ LOGPIPE_GUARDED_BY(mutex_) = 1;
    bool changed_ LOGPIPE_GUARDED_BY(mutex_) = false;
};

}  // namespace logpipe::files
