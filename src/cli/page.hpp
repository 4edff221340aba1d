// What `run` and `serve` give to the page.
#pragma once

#include "core/mutex.hpp"
#include "journal/journal.hpp"
#include "produce_runs.hpp"
#include "settings.hpp"
#include "web/page.hpp"

#include <atomic>
#include <chrono>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

namespace logpipe::cli {

/// Asks other processes' admin servers about once a second, while somebody wants to know.
class peer_watch final {
  public:
    /// @param named  an address that does not answer is shown; those that are only tried, once they have answered
    peer_watch(std::vector<std::string> addresses, bool named, std::chrono::milliseconds timeout,
               web::peer_access access);
    ~peer_watch();
    peer_watch(peer_watch const&) = delete;
    peer_watch& operator=(peer_watch const&) = delete;

    /// The newest that is known; does not wait. Any thread.
    [[nodiscard]] std::vector<web::watched_process> snapshots();

  private:
    struct watched_peer {
        web::watched_process seen;
        bool shown = false;
    };
    void watch(std::stop_token stop);
    void ask_all();

    std::chrono::milliseconds const timeout_;
    web::peer_access const access_;
    mutex mutex_;
    stoppable_condition wanted_;
    std::chrono::steady_clock::time_point wanted_until_ LOGPIPE_GUARDED_BY(mutex_);
    std::vector<watched_peer> all_ LOGPIPE_GUARDED_BY(mutex_);
    std::stop_source stop_;
    std::jthread thread_;
};

/// The dead letters of `run`, which has both journals open.
/// @param retried  counts what was sent again, for the ledger; outlives it
[[nodiscard]] std::shared_ptr<web::dead_letter_admin> make_run_letters(std::string folder,
                                                                       std::shared_ptr<journal::topic> letters,
                                                                       std::shared_ptr<journal::topic> input,
                                                                       std::atomic<std::uint64_t>& retried);

/// Opens the store of a URI for the page. @return empty where it is none of SQLite's
[[nodiscard]] std::function<result<std::unique_ptr<log_dashboard>>()> logs_of(std::string const& store_uri,
                                                                              schema const& documents);

/// The page's options that `run` and `serve` share.
/// @return errc::invalid_argument or not_found for --auth-token-file
[[nodiscard]] result<web::web_options> web_options_of(settings const& options, std::string listen);
/// /produceEventsToPipeline. `runs` outlives the server.
void add_produce(web::web_options& to, produce_runs& runs, settings const& options);

}  // namespace logpipe::cli
