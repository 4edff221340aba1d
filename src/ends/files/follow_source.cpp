#include "follow_source.hpp"

#include "core/log.hpp"
#include "core/mutex.hpp"
#include "file_search.hpp"
#include "file_set.hpp"
#include "files_metrics.hpp"
#include "folder_watch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <optional>
#include <utility>

namespace logpipe::files {

using namespace std::chrono_literals;

namespace {

/// Between two looks at files that are being written: so a line does not cost a batch.
constexpr auto look_pause = 50ms;
/// What inotify does not tell, as of the target of a symbolic link.
constexpr auto look_interval = 1s;
constexpr auto scan_interval = 10s;
constexpr auto save_interval = 1s;
constexpr std::size_t refused_shown_max = 3;

class follow_source final : public source {
  public:
    follow_source(follow_options options, std::shared_ptr<positions_book> book, environment world)
        : options_{std::move(options)},
          book_{std::move(book)},
          world_{std::move(world)},
          files_{options_.until_end, *book_, world_},
          search_{path_pattern{options_.pattern}, options_.until_end, options_.events, *book_, files_, world_} {}
    ~follow_source() override {
        if (auto saved = book_->save(); !saved) log_error("file_source: {}", saved.error().message);
    }
    follow_source(follow_source const&) = delete;
    follow_source& operator=(follow_source const&) = delete;

    result<> open() override {
        if (is_open_) return book_->save();
        if (auto const about = facts_of(options_.pattern); about && about->is_folder)
            return error{errc::invalid_argument,
                         fmt::format("{0} is a directory; its files are file:{0}/*", options_.pattern)};
        scan();
        if (options_.until_end && search_.figures().files == 0)
            return error{errc::not_found, fmt::format("cannot open {}: no such file", options_.pattern)};
        is_open_ = true;
        return book_->save();
    }

    std::string identity() const override { return fmt::format("files {}", options_.pattern); }
    /// The positions are in the book; what a sink has beyond them meets its own ids there.
    result<> seek(std::span<position const> /*stored*/) override { return {}; }

    result<> read(batch& into, steady_time until) override {
        while (true) {
            if (stopping_) return error{errc::end_of_input, "file_source: stopped"};
            if (auto const refused = search_.take_refusal()) {
                if (options_.until_end) return *refused;
                log_error("file_source: {}; it is not read", refused->message);
            }
            if (auto saved = save(is_new_); !saved) return saved;
            auto const got = held_.empty() ? next() : result<bool>{true};
            if (!got) return got.error();
            if (*got) return give(into);
            if (options_.until_end) return error{errc::end_of_input, "all files were read"};
            if (world_.steady() >= until || woken_) {
                woken_ = false;
                return {};
            }
            wait(until);
        }
    }

    result<> commit(std::span<progress const> safe) override {
        files_.commit(safe);
        return save(stopping_);
    }
    void stop() override {
        stopping_ = true;
        watch_.wake();
    }
    void wake() override { watch_.wake(); }

    std::optional<source_progress> read_progress() const override {
        if (!options_.until_end) return std::nullopt;
        mutex_lock lock{mutex_};
        if (search_figures_.total_bytes == 0) return std::nullopt;
        return source_progress{.read = set_figures_.lines.bytes, .total = search_figures_.total_bytes};
    }

    stage_status status() const override {
        mutex_lock lock{mutex_};
        stage_status now;
        now.name = "file_source";
        now.reason = reason_;
        now.metrics = {{metrics::files_open, set_figures_.open},
                       {metrics::backlog_bytes, set_figures_.backlog_bytes},
                       {metrics::files_remembered, remembered_},
                       {metrics::files_refused, refused_},
                       {metrics::files_found, search_figures_.found},
                       {metrics::renames, search_figures_.renames},
                       {metrics::truncations, set_figures_.truncations},
                       {metrics::copies, search_figures_.copies},
                       {metrics::lost_bytes, set_figures_.lost_bytes},
                       {metrics::joined_lines, set_figures_.lines.joined_lines},
                       {metrics::cut_events, set_figures_.lines.cut_events},
                       {lines::metrics::read_bytes, set_figures_.lines.bytes},
                       {lines::metrics::empty_lines, set_figures_.lines.empty_lines},
                       {lines::metrics::cut_lines, set_figures_.lines.cut_lines},
                       {lines::metrics::hole_bytes, set_figures_.lines.hole_bytes}};
        return now;
    }

  private:
    void scan() {
        auto const found_before = search_.figures().found;
        auto const folders = search_.scan();
        // An id is durable before a line has it.
        is_new_ = is_new_ || search_.figures().found != found_before;
        if (!options_.until_end) watch(folders);
        bool const looks_often = search_.is_undecided() || search_.folder_is_missing() || !watch_.sees_all();
        next_scan_ = world_.steady() + (looks_often ? look_interval : scan_interval);
        names_changed_ = false;
        show();
    }

    void watch(std::set<std::string> const& folders) {
        watch_.watch(folders);
        if (watch_.sees_all() || std::exchange(said_blind_, true)) return;
        log_warn("file_source: the system does not report changes in {} (inotify): it is polled every second",
                 watch_.blind_folders());
    }

    /// @return whether held_ has a batch
    result<bool> next() {
        look_around();
        auto got = read_next();
        if (!got || *got) return got;
        if (files_.look() || names_changed_) scan();
        if (options_.until_end && !files_.has_ready()) return false;
        return read_next();
    }

    result<bool> read_next() {
        while (true) {
            auto const got = files_.read(held_);
            if (got && *got != nullptr) keep_cut(**got);
            if (got) return *got != nullptr;
            if (got.error().code != errc::corrupt || options_.until_end) return got.error();
            log_error("file_source: {}; the rest of it is not read", got.error().message);
        }
    }

    /// Also while there is much to read a file may come and be renamed.
    void look_around() {
        auto const now = world_.steady();
        if (options_.until_end || now < next_look_) return;
        next_look_ = now + look_pause;
        auto const news = watch_.wait(now);
        woken_ = woken_ || news.woken;
        if (!news.names && now < next_scan_) return;
        static_cast<void>(files_.look());
        scan();
    }

    void keep_cut(open_file& from) {
        bool const is_chunk = options_.keeps_cuts && from.file->was_cut();
        if (!is_chunk && !from.file->was_flushed()) return;
        from.file->keep_cut();
        book_->update(from.file->position());
        is_new_ = true;
    }

    result<> give(batch& into) {
        if (auto saved = save(is_new_); !saved) return saved;
        std::swap(into, held_);
        held_.clear();
        show();
        return {};
    }

    result<> save(bool at_once) {
        auto const now = world_.steady();
        if (!at_once && now < next_save_) return {};
        if (auto saved = book_->save(); !saved) return in_context("--state", saved.error());
        is_new_ = false;
        next_save_ = now + save_interval;
        return {};
    }

    void wait(steady_time until) {
        show();
        auto const now = world_.steady();
        auto const news = watch_.wait(std::min({until, next_scan_, now + look_interval}));
        names_changed_ = names_changed_ || news.names || (news.contents && search_.is_undecided());
        woken_ = woken_ || news.woken;
        if (!woken_ && !stopping_ && (news.contents || news.names)) watch_.rest(std::min(until, now + look_pause));
    }

    void show() {
        std::string reason;
        std::size_t shown = 0;
        for (auto const& [path, why] : search_.refused()) {
            if (shown++ == refused_shown_max) break;
            reason += (reason.empty() ? "not read: " : "; ") + why;
        }
        if (search_.figures().files == 0 && reason.empty())
            reason = fmt::format("no file is {} yet; it is waited for", options_.pattern);
        mutex_lock lock{mutex_};
        reason_ = std::move(reason);
        refused_ = search_.refused().size();
        remembered_ = book_->count();
        set_figures_ = files_.figures();
        search_figures_ = search_.figures();
    }

    follow_options const options_;
    std::shared_ptr<positions_book> const book_;
    environment const world_;
    file_set files_;
    file_search search_;
    folder_watch watch_;
    std::atomic<bool> stopping_{false};
    bool is_open_ = false;
    bool is_new_ = false;  // ids or cuts that must be durable before what has them is given
    bool names_changed_ = false;
    bool woken_ = false;
    bool said_blind_ = false;
    batch held_;
    steady_time next_scan_;
    steady_time next_look_;
    steady_time next_save_;

    mutable mutex mutex_;
    std::string reason_ LOGPIPE_GUARDED_BY(mutex_);
    std::uint64_t refused_ LOGPIPE_GUARDED_BY(mutex_) = 0;
    std::uint64_t remembered_ LOGPIPE_GUARDED_BY(mutex_) = 0;
    file_set_figures set_figures_ LOGPIPE_GUARDED_BY(mutex_);
    search_figures search_figures_ LOGPIPE_GUARDED_BY(mutex_);
};

}  // namespace

std::unique_ptr<source> make_follow_source(follow_options options, std::shared_ptr<positions_book> book,
                                           environment world) {
    return std::make_unique<follow_source>(std::move(options), std::move(book), std::move(world));
}

}  // namespace logpipe::files
