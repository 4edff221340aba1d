#include "id_sorter.hpp"

#include "core/assert.hpp"

#include <fmt/format.h>

#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <queue>
#include <span>
#include <type_traits>

namespace logpipe::audit {

static_assert(std::is_trivially_copyable_v<id_sighting> && sizeof(id_sighting) == 32);

namespace {

constexpr std::size_t count_min = 1024;

error file_failed(std::string_view doing) {
    return {errno == ENOSPC ? errc::storage_full : errc::storage_failed,
            fmt::format("the temporary file of ids ($TMPDIR) cannot be {}: {}", doing, std::strerror(errno))};
}

/// Has no name from the start, so nothing is left however the process ends. std::tmpfile() would not look at TMPDIR.
std::FILE* make_temporary_file() {
    std::error_code failed;
    auto path = (std::filesystem::temp_directory_path(failed) / "logpipe-ids-XXXXXX").string();
    int const descriptor = ::mkstemp(path.data());
    if (descriptor < 0) return nullptr;
    ::unlink(path.c_str());
    auto* const file = ::fdopen(descriptor, "w+b");
    if (file == nullptr) ::close(descriptor);
    return file;
}

}  // namespace

void id_sighting::add(id_sighting const& other) noexcept {
    repeated = static_cast<std::uint16_t>(repeated | other.repeated | (endpoints & other.endpoints));
    endpoints = static_cast<std::uint16_t>(endpoints | other.endpoints);
    is_in_flight = static_cast<std::uint16_t>(is_in_flight | other.is_in_flight);
    letter = std::max(letter, other.letter);
}

id_sorter::id_sorter(std::size_t memory_bytes) : count_max_{std::max(memory_bytes / sizeof(id_sighting), count_min)} {}

result<> id_sorter::add(id_sighting const& what) {
    buffer_.push_back(what);
    if (buffer_.size() < count_max_) return {};
    sort_buffer();
    // Repeats that fall together may have made enough room.
    return buffer_.size() < count_max_ / 2 ? result<>{} : write_run();
}

void id_sorter::sort_buffer() {
    std::ranges::sort(buffer_, {}, &id_sighting::id);
    std::size_t kept = 0;
    for (std::size_t i = 0; i < buffer_.size(); ++i) {
        if (i > 0 && buffer_[kept - 1].id == buffer_[i].id)
            buffer_[kept - 1].add(buffer_[i]);
        else
            buffer_[kept++] = buffer_[i];
    }
    buffer_.resize(kept);
}

result<> id_sorter::write_run() {
    if (!file_) file_.reset(make_temporary_file());
    if (!file_) return file_failed("made");
    auto const begin = runs_.empty() ? 0 : runs_.back().end;
    if (std::fwrite(buffer_.data(), sizeof(id_sighting), buffer_.size(), file_.get()) != buffer_.size() ||
        std::fflush(file_.get()) != 0)
        return file_failed("written");
    runs_.push_back({.begin = begin, .end = begin + buffer_.size()});
    buffer_.clear();
    return {};
}

/// One run, a piece at a time.
class id_sorter::run_reader final {
  public:
    run_reader(std::FILE* file, run where, std::size_t piece) : file_{file}, where_{where} { piece_.resize(piece); }

    /// @return false at the end
    [[nodiscard]] result<bool> next(id_sighting& into) {
        if (at_ == held_) {
            if (auto read = fill(); !read) return read.error();
            if (held_ == 0) return false;
        }
        into = piece_[at_++];
        return true;
    }

  private:
    [[nodiscard]] result<> fill() {
        at_ = 0;
        held_ = static_cast<std::size_t>(std::min<std::uint64_t>(piece_.size(), where_.end - where_.begin));
        if (held_ == 0) return {};
        if (::fseeko(file_, static_cast<off_t>(where_.begin * sizeof(id_sighting)), SEEK_SET) != 0 ||
            std::fread(piece_.data(), sizeof(id_sighting), held_, file_) != held_)
            return file_failed("read");
        where_.begin += held_;
        return {};
    }

    std::FILE* const file_;
    run where_;
    std::vector<id_sighting> piece_;
    std::size_t at_ = 0;
    std::size_t held_ = 0;
};

result<> id_sorter::merge(std::function<void(id_sighting const&)> const& each) {
    sort_buffer();
    if (runs_.empty()) {
        for (auto const& what : buffer_) each(what);
        return {};
    }
    if (!buffer_.empty())
        if (auto written = write_run(); !written) return written;
    buffer_ = {};

    std::vector<run_reader> readers;
    std::vector<id_sighting> heads(runs_.size());
    auto const piece = std::max<std::size_t>(count_max_ / runs_.size(), 16);
    auto const later = [&](std::size_t a, std::size_t b) { return heads[b].id < heads[a].id; };
    std::priority_queue<std::size_t, std::vector<std::size_t>, decltype(later)> order{later};
    readers.reserve(runs_.size());
    for (std::size_t i = 0; i < runs_.size(); ++i) {
        auto const more = readers.emplace_back(file_.get(), runs_[i], piece).next(heads[i]);
        if (!more) return more.error();
        LOGPIPE_ASSERT(*more);  // no run is empty
        order.push(i);
    }
    id_sighting together;
    bool any = false;
    while (!order.empty()) {
        auto const from = order.top();
        order.pop();
        if (any && together.id == heads[from].id) {
            together.add(heads[from]);
        } else {
            if (any) each(together);
            together = heads[from];
            any = true;
        }
        auto const more = readers[from].next(heads[from]);
        if (!more) return more.error();
        if (*more) order.push(from);
    }
    each(together);
    return {};
}

}  // namespace logpipe::audit
