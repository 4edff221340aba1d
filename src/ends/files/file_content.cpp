#include "file_content.hpp"

#include "codec/gzip.hpp"
#include "codec/zstd.hpp"
#include "lines/binary_content.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>
#include <variant>

namespace logpipe::files {

namespace {

constexpr std::size_t piece_bytes = std::size_t{128} << 10U;

error failed(std::string_view what, std::string const& path, int reason) {
    auto const message = fmt::format("cannot {} {}: {}", what, path, std::strerror(reason));
    if (reason == ENOENT || reason == ENOTDIR) return error{errc::not_found, message};
    if (reason == EACCES || reason == EPERM || reason == ELOOP) return error{errc::invalid_argument, message};
    return error{errc::storage_failed, message};
}

file_facts facts_from(struct stat const& about) {
    return {.inode = {.device = about.st_dev, .inode = about.st_ino},
            .bytes = static_cast<std::uint64_t>(about.st_size),
            .modified_ns = std::int64_t{about.st_mtim.tv_sec} * 1'000'000'000 + about.st_mtim.tv_nsec,
            .is_regular = S_ISREG(about.st_mode),
            .is_folder = S_ISDIR(about.st_mode),
            .is_removed = about.st_nlink == 0};
}

class plain_content final : public file_content {
  public:
    plain_content(std::string path, unique_fd file) : path_{std::move(path)}, file_{std::move(file)} {}

    result<std::size_t> read_at(std::uint64_t offset, std::span<char> into) override {
        std::size_t done = 0;
        while (done < into.size()) {
            auto const got =
                ::pread(file_.get(), into.data() + done, into.size() - done, static_cast<off_t>(offset + done));
            if (got < 0 && errno == EINTR) continue;
            if (got < 0) return failed("read", path_, errno);
            if (got == 0) break;
            done += static_cast<std::size_t>(got);
        }
        return done;
    }
    result<file_facts> facts() const override {
        struct stat about{};
        if (::fstat(file_.get(), &about) != 0) return failed("read", path_, errno);
        return facts_from(about);
    }
    bool is_compressed() const override { return false; }

  private:
    std::string path_;
    unique_fd file_;
};

/// Inflates as far as it is read; an offset before that begins again.
template <class Inflater>
class compressed_content final : public file_content {
  public:
    compressed_content(std::string path, std::unique_ptr<file_content> from)
        : path_{std::move(path)}, from_{std::move(from)} {}

    result<std::size_t> read_at(std::uint64_t offset, std::span<char> into) override {
        if (offset < begin_) begin_again();
        while (begin_ + content_.size() < offset + into.size()) {
            // What is before the offset is not wanted any more.
            auto const gone = std::min<std::uint64_t>(offset - begin_, content_.size());
            content_.erase(0, static_cast<std::size_t>(gone));
            begin_ += gone;
            auto const more = inflate(into.size() + piece_bytes);
            if (!more) return more.error();
            if (!*more) break;
        }
        if (begin_ + content_.size() <= offset) return std::size_t{0};
        auto const part = std::string_view{content_}.substr(static_cast<std::size_t>(offset - begin_), into.size());
        std::ranges::copy(part, into.begin());
        return part.size();
    }
    result<file_facts> facts() const override { return from_->facts(); }
    bool is_compressed() const override { return true; }

  private:
    void begin_again() {
        inflater_ = Inflater{};
        input_offset_ = begin_ = 0;
        input_ = content_ = {};
    }
    /// @return whether there was more
    result<bool> inflate(std::size_t bytes_max) {
        if (input_.empty()) {
            input_.resize(piece_bytes);
            auto const got = from_->read_at(input_offset_, input_);
            if (!got) return got.error();
            input_.resize(*got);
            input_offset_ += *got;
        }
        auto const before = content_.size();
        std::string_view left = input_;
        if (auto inflated = inflater_.inflate(left, content_, bytes_max); !inflated)
            return error{errc::corrupt, fmt::format("{}: {}", path_, inflated.error().message)};
        bool const moved = left.size() < input_.size() || content_.size() > before;
        input_.erase(0, input_.size() - left.size());
        if (!moved && !inflater_.at_end())
            return error{errc::corrupt, fmt::format("{} ends in the middle of its compressed data", path_)};
        return moved;
    }

    std::string path_;
    std::unique_ptr<file_content> from_;
    Inflater inflater_;
    std::uint64_t input_offset_ = 0;
    std::string input_;        // read, not inflated
    std::uint64_t begin_ = 0;  // of content_
    std::string content_;
};

}  // namespace

result<file_facts> facts_of(std::string const& path) {
    struct stat about{};
    if (::stat(path.c_str(), &about) != 0) return failed("open", path, errno);
    return facts_from(about);
}

result<std::unique_ptr<file_content>> open_content(std::string const& path) {
    unique_fd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)};
    if (file.get() < 0) return failed("open", path, errno);
    std::unique_ptr<file_content> plain = std::make_unique<plain_content>(path, std::move(file));
    std::array<char, lines::magic_bytes_max> first{};
    auto const got = plain->read_at(0, first);
    if (!got) return got.error();
    auto const* format = lines::binary_format_of({first.data(), *got});
    if (format == nullptr) return plain;
    if (format->magic == lines::gzip_magic)
        return std::unique_ptr<file_content>{
            std::make_unique<compressed_content<codec::gzip_inflater>>(path, std::move(plain))};
    if (format->magic == lines::zstd_magic)
        return std::unique_ptr<file_content>{
            std::make_unique<compressed_content<codec::zstd_inflater>>(path, std::move(plain))};
    return error{errc::rejected,
                 fmt::format("{} is {}, not lines of text{}", path, format->name,
                             format->command.empty()
                                 ? std::string{}
                                 : fmt::format("; convert it: {} FILE | logpipe produce -", format->command))};
}

}  // namespace logpipe::files
