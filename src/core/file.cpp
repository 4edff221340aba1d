#include "core/file.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <ranges>
#include <system_error>
#include <utility>

namespace logpipe {

namespace {

/// At once. Above it Linux takes huge pages for its cache, and fills them at a quarter of the speed (measured with 5 MB
/// on ext4, Linux 6.18).
constexpr std::size_t write_bytes_max = std::size_t{1} << 20U;

errc code_of(int number) {
    switch (number) {
        case ENOENT:
            return errc::not_found;
        case ENOSPC:
        case EDQUOT:
        case EFBIG:
            return errc::storage_full;
        default:
            return errc::storage_failed;
    }
}

error failure(std::string_view what, std::string_view path, int number) {
    return error{code_of(number), fmt::format("cannot {} {}: {}", what, path, std::generic_category().message(number))};
}

class descriptor final {
  public:
    explicit descriptor(int number) noexcept : number_{number} {}
    ~descriptor() {
        // What close() could report was reported by sync_data() before anyone relied on it.
        if (number_ >= 0) ::close(number_);
    }
    descriptor(descriptor&& other) noexcept : number_{std::exchange(other.number_, -1)} {}
    descriptor(descriptor const&) = delete;
    descriptor& operator=(descriptor const&) = delete;
    descriptor& operator=(descriptor&&) = delete;

    [[nodiscard]] int get() const noexcept { return number_; }

  private:
    int number_;
};

class system_file final : public file {
  public:
    system_file(std::string path, descriptor number) : path_{std::move(path)}, number_{std::move(number)} {}

    result<std::size_t> read_at(std::uint64_t offset_bytes, std::span<char> into) const override {
        std::size_t done = 0;
        while (done < into.size()) {
            auto const got =
                ::pread(number_.get(), into.data() + done, into.size() - done, static_cast<off_t>(offset_bytes + done));
            if (got < 0 && errno == EINTR) continue;
            if (got < 0) return failure("read", path_, errno);
            if (got == 0) break;
            done += static_cast<std::size_t>(got);
        }
        return done;
    }

    result<> write_at(std::uint64_t offset_bytes, std::span<std::string_view const> parts) override {
        std::size_t skip = 0;  // bytes of parts.front() that are written already
        while (!parts.empty()) {
            std::array<iovec, 64> pieces;
            std::size_t count = 0;
            for (std::size_t room = write_bytes_max, from = skip;
                 room > 0 && count < std::min(parts.size(), pieces.size()); ++count, from = 0) {
                auto const piece = parts[count].substr(from, room);
                pieces[count] = {.iov_base = const_cast<char*>(piece.data()), .iov_len = piece.size()};
                room -= piece.size();
            }
            auto const put =
                ::pwritev(number_.get(), pieces.data(), static_cast<int>(count), static_cast<off_t>(offset_bytes));
            if (put < 0 && errno == EINTR) continue;
            if (put < 0) return failure("write", path_, errno);
            offset_bytes += static_cast<std::uint64_t>(put);
            // A short write is not a failure yet: the next one says why.
            std::size_t left = skip + static_cast<std::size_t>(put);
            while (!parts.empty() && left >= parts.front().size()) {
                left -= parts.front().size();
                parts = parts.subspan(1);
            }
            skip = left;
        }
        return {};
    }

    result<> truncate(std::uint64_t bytes) override {
        if (::ftruncate(number_.get(), static_cast<off_t>(bytes)) != 0) return failure("truncate", path_, errno);
        return {};
    }

    result<> sync_data() override {
        if (::fdatasync(number_.get()) != 0) return failure("sync", path_, errno);
        return {};
    }

    result<std::uint64_t> bytes() const override {
        struct stat what{};
        if (::fstat(number_.get(), &what) != 0) return failure("look at", path_, errno);
        return static_cast<std::uint64_t>(what.st_size);
    }

    result<> allocate(std::uint64_t bytes) override {
        int number = EINTR;
        while (number == EINTR) number = ::posix_fallocate(number_.get(), 0, static_cast<off_t>(bytes));
        if (number != 0) return failure("make room for", path_, number);
        return {};
    }

    result<> in_place() const override {
        struct stat here{};
        struct stat there{};
        if (::fstat(number_.get(), &here) != 0) return failure("look at", path_, errno);
        bool const named = ::stat(path_.c_str(), &there) == 0;
        if (named && here.st_dev == there.st_dev && here.st_ino == there.st_ino) return {};
        if (!named && errno != ENOENT && errno != ENOTDIR) return failure("look at", path_, errno);
        return error{errc::storage_failed,
                     fmt::format("{} is gone: it, or a folder above, was removed, renamed or unmounted", path_)};
    }

    result<> lock() override {
        if (::flock(number_.get(), LOCK_EX | LOCK_NB) == 0) return {};
        if (errno == EWOULDBLOCK) return error{errc::busy, fmt::format("{} is locked by someone else", path_)};
        return failure("lock", path_, errno);
    }

  private:
    std::string path_;
    descriptor number_;
};

class system_file_system final : public file_system {
  public:
    result<std::unique_ptr<file>> open(std::string const& path, file_access access) override {
        int flags = O_CLOEXEC | (access == file_access::read ? O_RDONLY : O_RDWR);
        if (access == file_access::create) flags |= O_CREAT;
        int const number = ::open(path.c_str(), flags, 0644);
        if (number < 0) return failure("open", path, errno);
        return std::unique_ptr<file>{std::make_unique<system_file>(path, descriptor{number})};
    }

    result<> rename(std::string const& from, std::string const& to) override {
        if (::rename(from.c_str(), to.c_str()) != 0) return failure("rename", from, errno);
        return {};
    }

    result<> remove(std::string const& path) override {
        if (::unlink(path.c_str()) != 0) return failure("remove", path, errno);
        return {};
    }

    result<std::vector<std::string>> list(std::string const& folder) override {
        std::error_code failed;
        std::vector<std::string> names;
        std::filesystem::directory_iterator at{folder, failed};
        for (; !failed && at != std::filesystem::directory_iterator{}; at.increment(failed))
            names.push_back(at->path().filename().string());
        if (failed) return failure("list", folder, failed.value());
        std::ranges::sort(names);
        return names;
    }

    result<> make_folder(std::string const& folder) override {
        std::error_code failed;
        std::filesystem::create_directories(folder, failed);
        if (failed) return failure("make", folder, failed.value());
        return {};
    }

    result<> sync_folder(std::string const& folder) override {
        descriptor const number{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
        // What we may not write to, and what nobody can, has no names that we made.
        if (number.get() < 0 && errno == EACCES && ::access(folder.c_str(), W_OK) != 0) return {};
        if (number.get() < 0) return failure("open", folder, errno);
        if (::fsync(number.get()) != 0 && errno != EROFS && errno != EINVAL) return failure("sync", folder, errno);
        return {};
    }

    result<disk_space> space(std::string const& folder) override {
        struct statvfs what{};
        if (::statvfs(folder.c_str(), &what) != 0) return failure("look at the disk of", folder, errno);
        return disk_space{.total_bytes = std::uint64_t{what.f_blocks} * what.f_frsize,
                          .available_bytes = std::uint64_t{what.f_bavail} * what.f_frsize};
    }
};

}  // namespace

file_system& system_files() {
    static system_file_system files;
    return files;
}

result<std::string> read_file(file_system& files, std::string const& path, std::size_t bytes_max) {
    auto opened = files.open(path, file_access::read);
    if (!opened) return opened.error();
    auto const bytes = (*opened)->bytes();
    if (!bytes) return bytes.error();
    if (*bytes > bytes_max)
        return error{errc::too_large, fmt::format("{} has {} bytes, over {}", path, *bytes, bytes_max)};
    std::string contents(static_cast<std::size_t>(*bytes), '\0');
    auto const got = (*opened)->read_at(0, contents);
    if (!got) return got.error();
    contents.resize(*got);
    return contents;
}

namespace {

result<> write_whole(file_system& files, std::string const& path, std::string_view contents) {
    auto opened = files.open(path, file_access::create);
    if (!opened) return opened.error();
    auto& to = **opened;
    if (auto cut = to.truncate(0); !cut) return cut;
    if (auto written = to.write_at(0, {&contents, 1}); !written) return written;
    return to.sync_data();
}

}  // namespace

result<> replace_file(file_system& files, std::string const& path, std::string_view contents) {
    auto const temporary = path + ".tmp";
    if (auto written = write_whole(files, temporary, contents); !written) {
        // A full disk needs what it takes; where this fails, too, the next try writes over it.
        (void)files.remove(temporary);
        return written;
    }
    return files.rename(temporary, path);
}

result<> store_file(file_system& files, std::string const& path, std::string_view contents) {
    if (auto replaced = replace_file(files, path, contents); !replaced) return replaced;
    return files.sync_folder(folder_of(path));
}

result<> remove_stored_file(file_system& files, std::string const& path) {
    auto removed = files.remove(path);
    if (!removed && removed.error().code != errc::not_found) return removed;
    return files.sync_folder(folder_of(path));
}

result<> make_lasting_folder(file_system& files, std::string const& folder) {
    // The folder's own name is synced also where it is there: its creator may have failed to.
    std::vector<std::string> unsafe{folder};
    for (auto at = folder;; at = folder_of(at)) {
        auto const names = files.list(at);
        if (names) break;
        if (names.error().code != errc::not_found || at == "." || at == "/") return names.error();
        if (at != folder) unsafe.push_back(at);
    }
    if (auto made = files.make_folder(folder); !made) return made;
    // From above: a folder that is safe in one that is not is lost with it.
    for (auto const& name : unsafe | std::views::reverse)
        if (auto synced = files.sync_folder(folder_of(name)); !synced) return synced;
    return {};
}

std::string folder_of(std::string_view path) {
    while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
    auto const slash = path.find_last_of('/');
    if (slash == std::string_view::npos) return ".";
    return std::string{path.substr(0, std::max<std::size_t>(slash, 1))};
}

}  // namespace logpipe
