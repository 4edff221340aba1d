// A topic's files as its writer sees them: the segments, the offset that the next event gets, and the mark up to which
// readers may read. What is appended is published by sync(), and may be taken back until then.
#pragma once

#include "core/environment.hpp"
#include "journal/journal.hpp"
#include "recovery.hpp"
#include "segment_list.hpp"
#include "segment_writer.hpp"
#include "shared_mark.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace logpipe::journal {

/// One thread at a time, except for mark().
class topic_log final {
  public:
    topic_log(environment const& world, std::string folder);

    /// Takes the writer's lock. @return errc::busy when another process has it
    [[nodiscard]] result<> lock();
    /// Goes on after what was found, or after `cursors_end` where that is further. @return whether it is
    [[nodiscard]] result<bool> open(recovered_topic const& found, std::uint64_t cursors_end);

    /// Appends frames that were made with epoch() and next_offset().
    [[nodiscard]] result<> append(std::span<std::string_view const> parts, std::uint64_t bytes, std::uint64_t events,
                                  std::int64_t received_ns);
    /// Makes durable what was appended, unless the option says never, and publishes it. @return whether the disk was
    /// synced; after a failure is_broken()
    [[nodiscard]] result<bool> sync(journal_sync how);
    /// Begins another segment; all was synced before.
    [[nodiscard]] result<> roll();
    /// Nothing is known of the unsynced bytes any more: they have to be appended again, after restart().
    [[nodiscard]] bool is_broken() const noexcept { return active_.broken(); }
    /// Begins another segment at the published offset. Nobody has read what is discarded, so its offsets are free.
    [[nodiscard]] result<> restart();
    /// What was appended after a restart failed half way: the next one begins there as well.
    void abandon_active() { active_.abandon(0); }
    /// The next event gets this offset at least; all was synced before.
    void raise_to(std::uint64_t offset);

    [[nodiscard]] std::uint64_t epoch() const noexcept { return epoch_; }
    [[nodiscard]] std::uint64_t next_offset() const noexcept { return next_offset_; }
    [[nodiscard]] std::uint64_t active_offset() const noexcept { return active_.first_offset(); }
    [[nodiscard]] std::uint64_t active_bytes() const noexcept { return active_.bytes(); }
    /// When the active segment's first event was received; 0: it has none.
    [[nodiscard]] std::int64_t active_began_ns() const noexcept { return active_began_ns_; }
    [[nodiscard]] segment_list& segments() noexcept { return segments_; }
    /// Any thread.
    [[nodiscard]] std::shared_ptr<shared_mark> const& mark() const noexcept { return mark_; }

  private:
    [[nodiscard]] result<> begin_segment();
    void publish();

    environment const world_;
    std::string const folder_;
    std::string const name_;
    std::shared_ptr<shared_mark> const mark_ = std::make_shared<shared_mark>();  // with readers that outlive us
    std::unique_ptr<file> lock_;
    std::unique_ptr<file> state_;
    std::uint64_t epoch_ = 0;
    std::uint64_t next_offset_ = 0;
    std::uint64_t published_offset_ = 0;  // readers may read up to here
    std::uint64_t published_bytes_ = 0;   // of the active segment
    segment_writer active_;
    std::int64_t active_began_ns_ = 0;
    segment_list segments_;
};

}  // namespace logpipe::journal
