#include "page.hpp"

#include "audit/letters.hpp"
#include "core/clock.hpp"
#include "core/options.hpp"
#include "core/thread.hpp"
#include "formats/normalize.hpp"
#include "process.hpp"
#include "store/dashboard.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

namespace logpipe::cli {

using namespace std::chrono_literals;

namespace {

constexpr auto ask_interval = 1s;
constexpr auto wanted_time = 5s;  // after the last request

}  // namespace

peer_watch::peer_watch(std::vector<std::string> addresses, bool named, std::chrono::milliseconds timeout,
                       web::peer_access access)
    : timeout_{timeout}, access_{std::move(access)} {
    for (auto& address : addresses)
        all_.push_back(
            {.seen = {.address = std::move(address), .now = {}, .reason = "it was not asked yet"}, .shown = named});
    thread_ = start_thread("page-watch", [this] { watch(stop_.get_token()); });
}

peer_watch::~peer_watch() {
    stop_.request_stop();
}

std::vector<web::watched_process> peer_watch::snapshots() {
    mutex_lock const lock{mutex_};
    wanted_until_ = std::chrono::steady_clock::now() + wanted_time;
    wanted_.notify_one();
    std::vector<web::watched_process> shown;
    for (auto const& each : all_)
        if (each.shown) shown.push_back(each.seen);
    return shown;
}

void peer_watch::watch(std::stop_token stop) {
    while (!stop.stop_requested()) {
        auto const begin = std::chrono::steady_clock::now();
        ask_all();
        mutex_lock lock{mutex_};
        // No one comes to change that: it is a pause which a stop ends.
        wanted_.wait_until(lock, stop, begin + ask_interval, [] { return false; });
        wanted_.wait(lock, stop,
                     [this]() LOGPIPE_REQUIRES(mutex_) { return std::chrono::steady_clock::now() < wanted_until_; });
    }
}

void peer_watch::ask_all() {
    std::vector<std::string> addresses;
    {
        mutex_lock const lock{mutex_};
        for (auto const& each : all_) addresses.push_back(each.seen.address);
    }
    // All at once: one that does not answer costs no more than the time-out.
    std::vector<std::jthread> asking;
    for (std::size_t i = 0; i < addresses.size(); ++i) {
        asking.push_back(start_thread("page-ask", [this, i, address = addresses[i]] {
            auto got = web::fetch_status(address, timeout_, access_);
            mutex_lock const lock{mutex_};
            auto& each = all_[i];
            each.shown = each.shown || got.has_value();
            each.seen.reason = got ? std::string{} : got.error().message;
            each.seen.now = got ? std::optional{*std::move(got)} : std::nullopt;
        }));
    }
}

namespace {

/// Lists again only where something changed, or may have been changed by another process.
class run_letters final : public web::dead_letter_admin {
  public:
    run_letters(std::string folder, std::shared_ptr<journal::topic> letters, std::shared_ptr<journal::topic> input,
                std::atomic<std::uint64_t>& retried)
        : folder_{std::move(folder)},
          letters_{std::move(letters)},
          // For as long as the process runs: what a failed retry has written counts when it becomes safe.
          input_{audit::make_journal_input(std::move(input), [&retried](std::uint64_t events) { retried += events; })} {
    }

    [[nodiscard]] result<web::dead_letter_list> list(std::size_t newest_max) override {
        auto const now = std::chrono::steady_clock::now();
        auto const end = letters_->synced_offset();
        bool const is_fresh =
            listed_ && listed_end_ == end && listed_max_ == newest_max && now - listed_at_ < list_time;
        if (is_fresh) return *listed_;
        auto listed = read(newest_max);
        if (!listed) return listed;
        listed_ = *listed;
        listed_end_ = end;
        listed_max_ = newest_max;
        listed_at_ = now;
        return listed;
    }

    [[nodiscard]] result<std::uint64_t> retry(web::dead_letter_selection const& which) override {
        listed_.reset();
        // Made for the occasion: while it is there, no other process can settle letters.
        auto const topic = audit::make_journal_letters(folder_, letters_);
        auto const report =
            audit::retry_letters(*topic, {.ids = which.ids, .reason = {}, .all = which.all}, input_, false);
        if (!report) return report.error();
        if (report->letters == 0 && !report->incomplete.empty())
            return error{errc::corrupt, fmt::format("dead letter {} is incomplete: parts of it are missing",
                                                    report->incomplete.front().text())};
        if (report->letters == 0 && !report->rejected.empty())
            return error{errc::rejected, report->rejected.front().second};
        return report->letters;
    }

  private:
    static constexpr auto list_time = 10s;
    static constexpr std::size_t entries_shown_max = 20;

    [[nodiscard]] result<web::dead_letter_list> read(std::size_t newest_max) const {
        auto const topic = audit::make_journal_letters(folder_);
        web::dead_letter_list all;
        std::unordered_map<std::string, std::size_t> places;
        audit::letter_selection wanted;
        auto const list = audit::list_letters(*topic, newest_max, [&](audit::letter_summary const& each) {
            places.emplace(each.id.text(), all.newest.size());
            wanted.ids.push_back(each.id);
            all.newest.push_back({.id = each.id,
                                  .time = {},
                                  .stage = std::string{each.stage},
                                  .reason = std::string{each.reason},
                                  .attempts = each.attempts,
                                  .parts = each.parts,
                                  .parts_found = each.parts_found});
        });
        if (!list) return list.error();
        all.letters = list->letters;
        all.incomplete = list->incomplete;
        all.unreadable = list->unreadable;
        for (auto const& each : list->groups)
            all.reasons.push_back({.stage = each.stage, .reason = each.reason, .letters = each.letters});
        if (wanted.ids.empty()) return all;
        auto const shown = show_letters(*topic, wanted, [&](audit::found_letter const& found) -> result<> {
            auto const& letter = found.letter;
            auto const place = places.find(letter.id.text());
            if (place == places.end()) return {};
            auto& into = all.newest[place->second];
            into.time = iso_time(letter.time_ns);
            into.origin = letter.origin;
            into.tag = letter.tag;
            auto const entries =
                letter.entries > 0 ? audit::readable_entries(letter, entries_shown_max) : std::string{};
            std::string_view const record = letter.entries > 0 ? entries : letter.record;
            into.record = record.substr(0, web::shown_dead_letter::record_bytes_max);
            into.record_bytes = record.size();
            return {};
        });
        if (!shown) return shown.error();
        return all;
    }

    std::string const folder_;
    std::shared_ptr<journal::topic> const letters_;
    audit::letter_input const input_;
    std::optional<web::dead_letter_list> listed_;
    std::uint64_t listed_end_ = 0;
    std::size_t listed_max_ = 0;
    std::chrono::steady_clock::time_point listed_at_;
};

}  // namespace

std::shared_ptr<web::dead_letter_admin> make_run_letters(std::string folder, std::shared_ptr<journal::topic> letters,
                                                         std::shared_ptr<journal::topic> input,
                                                         std::atomic<std::uint64_t>& retried) {
    return std::make_shared<run_letters>(std::move(folder), std::move(letters), std::move(input), retried);
}

std::function<result<std::unique_ptr<log_dashboard>>()> logs_of(std::string const& store_uri, schema const& documents) {
    constexpr std::string_view scheme = "sqlite:";
    if (!store_uri.starts_with(scheme)) return {};
    return [path = store_uri.substr(scheme.size()), documents] {
        return store::open_dashboard({.path = path, .documents = documents});
    };
}

namespace {

web::run_by_get run_by_get_of(std::string const& choice) {
    if (choice == "auto") return web::run_by_get::on_loopback;
    return choice == "yes" ? web::run_by_get::yes : web::run_by_get::no;
}

}  // namespace

result<web::web_options> web_options_of(settings const& options, std::string listen) {
    auto token = secret_line(options, "auth-token-file");
    if (!token) return token.error();
    auto mapping = formats::mapping_of(options);
    if (!mapping) return mapping.error();
    web::web_options web;
    web.listen = std::move(listen);
    web.host_names = options.list("page-host");
    web.token = *std::move(token);
    web.token_file = options.text("auth-token-file");
    web.certificate_file = options.text("page-certificate");
    web.key_file = options.text("page-key");
    web.limits = http_limits();
    web.page.emplace();
    web.page->documents = std::move(mapping->documents);
    web.page->open = options.on("page-open");
    return web;
}

void add_produce(web::web_options& to, produce_runs& runs, settings const& options) {
    to.produce = [&runs](web::produce_request const& what) { return runs.run(what); };
    to.stop_produce = [&runs] { return runs.cancel(); };
    to.produce_by_get = run_by_get_of(options.text("produce-by-get"));
    to.page->produce_lines_max = options.count("produce-lines-max");
    to.page->produce_source = without_login(runs.source());
}

}  // namespace logpipe::cli
