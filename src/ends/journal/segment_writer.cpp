#include "segment_writer.hpp"

#include "core/assert.hpp"
#include "core/log.hpp"
#include "topic_folder.hpp"

namespace logpipe::journal {

result<segment_writer> segment_writer::create(file_system& files, std::string const& folder,
                                              std::uint64_t first_offset) {
    auto const path = segment_path(folder, first_offset);
    if (auto removed = files.remove(path); !removed && removed.error().code != errc::not_found) return removed.error();
    segment_writer made;
    auto opened = files.open(path, file_access::create);
    if (!opened) return opened.error();
    if (auto synced = files.sync_folder(folder); !synced) return synced.error();
    made.file_ = *std::move(opened);
    made.first_offset_ = first_offset;
    return made;
}

result<segment_writer> segment_writer::resume(file_system& files, std::string const& folder, std::uint64_t first_offset,
                                              std::uint64_t bytes) {
    segment_writer made;
    auto opened = files.open(segment_path(folder, first_offset), file_access::write);
    if (!opened) return opened.error();
    made.file_ = *std::move(opened);
    made.first_offset_ = first_offset;
    made.bytes_ = made.synced_bytes_ = bytes;
    return made;
}

result<> segment_writer::append(std::span<std::string_view const> parts, std::uint64_t bytes) {
    LOGPIPE_ASSERT(file_ && !broken_);
    auto const written = file_->write_at(bytes_, parts);
    if (written) {
        bytes_ += bytes;
        return {};
    }
    // The next start would cut the half frame off; but a later, shorter frame over it would leave its end there.
    if (auto cut = file_->truncate(bytes_); !cut) {
        log_warn("journal: {}", cut.error().message);
        broken_ = true;
    }
    return written.error();
}

result<> segment_writer::sync() {
    LOGPIPE_ASSERT(file_ && !broken_);
    if (synced_bytes_ == bytes_) return {};
    if (auto synced = file_->sync_data(); !synced) {
        broken_ = true;
        return synced.error();
    }
    if (auto there = check_in_place(); !there) return there;
    synced_bytes_ = bytes_;
    return {};
}

result<> segment_writer::check_in_place() {
    auto there = file_->in_place();
    if (!there) broken_ = true;
    return there;
}

void segment_writer::abandon(std::uint64_t keep_bytes) {
    broken_ = true;
    if (!file_) return;
    if (auto cut = file_->truncate(keep_bytes); !cut) log_warn("journal: {}", cut.error().message);
    bytes_ = keep_bytes;
}

}  // namespace logpipe::journal
