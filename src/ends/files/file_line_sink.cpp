#include "file_line_sink.hpp"

#include "core/stage_health.hpp"
#include "line_text.hpp"

#include <array>
#include <atomic>
#include <utility>
#include <vector>

namespace logpipe::files {

namespace {

// Written and not yet synced; more than this is synced without waiting for flush().
constexpr std::size_t unsynced_bytes_max = std::size_t{8} << 20U;

/// Keeps each batch until a sync has succeeded. After a failed one the kernel may have dropped the pages and call the
/// next sync a success, so everything since the last good one is then rewritten, at the same offset.
class file_line_sink final : public sink {
  public:
    file_line_sink(std::string path, file_system& files) : path_{std::move(path)}, files_{files} {}

    result<> open(completions& reports) override {
        reports_ = &reports;
        file_.reset();  // and its lock
        if (auto opened = open_file(); !opened) return failed(opened.error());
        if (auto found = find_end(); !found) return failed(found.error());
        rewrite_ = !unsynced_.empty();
        health_.up();
        return {};
    }

    result<> write(batch& events) override {
        if (auto repaired = repair(); !repaired) return repaired;
        if (auto written = append(events); !written) return failed(written.error());
        unsynced_.push_back(std::move(events));
        // When this sync fails the batch is ours all the same: the next write() or flush() retries and returns the
        // error.
        if (end_bytes_ - synced_bytes_ >= unsynced_bytes_max) static_cast<void>(sync());
        return {};
    }

    result<> flush() override {
        if (auto repaired = repair(); !repaired) return repaired;
        return sync();
    }

    result<std::optional<std::vector<progress>>> stored(std::string const& /*source_identity*/) override {
        return std::nullopt;
    }

    void cancel() override {}  // no call waits

    stage_status status() const override {
        stage_status status;
        status.name = "file_sink";
        health_.describe(status);
        return status;
    }

  private:
    error failed(error reason) {
        health_.down(reason);
        return reason;
    }

    result<> open_file() {
        auto opened = files_.open(path_, file_access::create);
        if (!opened) return opened.error();
        file_ = std::move(*opened);
        if (auto locked = file_->lock(); !locked) return locked;
        // The file's name must survive a power cut as well as its lines.
        return files_.sync_folder(folder_of(path_));
    }

    /// Where our lines begin: after what is there, on a new line also when a crash had cut the last one.
    result<> find_end() {
        if (located_) return {};
        auto const bytes = file_->bytes();
        if (!bytes) return bytes.error();
        end_bytes_ = *bytes;
        if (*bytes > 0) {
            std::array<char, 1> last{'\n'};
            if (auto got = file_->read_at(*bytes - 1, last); !got) return got.error();
            if (last[0] != '\n') {
                text_.assign(1, '\n');
                if (auto ended = put_text(); !ended) return ended;
            }
        }
        synced_bytes_ = end_bytes_;
        located_ = true;
        return {};
    }

    /// A failed write may leave a part of the text there; the next one overwrites it, at the same offset.
    result<> put_text() {
        std::array<std::string_view, 1> const parts{text_};
        if (auto written = file_->write_at(end_bytes_, parts); !written) return written;
        end_bytes_ += text_.size();
        return {};
    }

    result<> append(batch const& events) {
        text_.clear();
        append_lines(events, text_);
        return put_text();
    }

    /// After a failed sync: rewrites everything since the last good one.
    result<> repair() {
        if (!rewrite_) return {};
        end_bytes_ = synced_bytes_;
        for (auto const& events : unsynced_)
            if (auto written = append(events); !written) return failed(written.error());
        rewrite_ = false;
        return {};
    }

    result<> sync() {
        if (unsynced_.empty()) return {};
        if (auto synced = file_->sync_data(); !synced) {
            rewrite_ = true;
            return failed(synced.error());
        }
        synced_bytes_ = end_bytes_;
        health_.up();
        for (auto& events : std::exchange(unsynced_, {})) {
            count_written(events);
            reports_->done(std::move(events));
        }
        return {};
    }

    std::string path_;
    file_system& files_;
    completions* reports_ = nullptr;
    std::unique_ptr<file> file_;
    bool located_ = false;         // end_bytes_ is known
    bool rewrite_ = false;         // what is unsynced must be rewritten
    std::uint64_t end_bytes_ = 0;  // where the next line goes
    std::uint64_t synced_bytes_ = 0;
    std::vector<batch> unsynced_;
    std::string text_;
    stage_health health_;
};

}  // namespace

std::unique_ptr<sink> make_file_line_sink(std::string path, file_system& files) {
    return std::make_unique<file_line_sink>(std::move(path), files);
}

}  // namespace logpipe::files
