// What the page shows and does, as its process provides it. docs/internals/web.md has the HTTP side.
#pragma once

#include "logpipe/dashboard.hpp"
#include "logpipe/event.hpp"
#include "logpipe/status.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace logpipe::web {

/// One process of the picture.
struct watched_process {
    std::string address;                  ///< of its admin server; empty: the one that serves the page
    std::optional<process_snapshot> now;  ///< none: it does not respond
    std::string reason;                   ///< then
};

struct shown_dead_letter {
    static constexpr std::size_t record_bytes_max = 16U << 10U;  ///< more of it is not for reading

    event_id id;
    std::string time;
    std::string stage;
    std::string reason;
    std::string origin;
    std::string tag;
    std::string record;  ///< the first of the original bytes, whatever they are
    std::uint64_t attempts = 0;
    std::uint64_t record_bytes = 0;  ///< that there are
    std::uint32_t parts = 1;
    std::uint32_t parts_found = 1;  ///< fewer: it is incomplete, and `record` is what is there
};
struct dead_letter_reason {
    std::string stage;
    std::string reason;
    std::uint64_t letters = 0;
};
struct dead_letter_list {
    std::uint64_t letters = 0;
    std::uint64_t incomplete = 0;
    std::uint64_t unreadable = 0;
    std::vector<dead_letter_reason> reasons;  ///< most first
    std::vector<shown_dead_letter> newest;    ///< newest first
};
struct dead_letter_selection {
    std::vector<event_id> ids;
    bool all = false;
};

/// The dead letters of a process that owns them. One thread.
class dead_letter_admin {
  public:
    virtual ~dead_letter_admin() = default;
    [[nodiscard]] virtual result<dead_letter_list> list(std::size_t newest_max) = 0;
    /// Sends the originals a second time, with their ids, and resolves the letters. @return how many
    [[nodiscard]] virtual result<std::uint64_t> retry(dead_letter_selection const& which) = 0;
};

/// Callbacks may be empty where the process has no such thing; the page then does not show it.
struct page_options {
    /// Called from the server's thread, about once a second while there is a viewer; does not wait for anything.
    std::function<std::vector<watched_process>()> watch;
    /// Called from two threads, one for queries with a search or filter and one for all others, each of which gets
    /// its own; errc::not_found before the store exists.
    std::function<result<std::unique_ptr<log_dashboard>>()> open_logs;
    schema documents;                            ///< that it shows
    std::shared_ptr<dead_letter_admin> letters;  ///< used by the other queries' thread only
    std::uint64_t produce_lines_max = 0;         ///< generated lines of one run; 0: no bound
    bool open = false;                           ///< off loopback it may be served without a token
    std::string produce_source;                  ///< what a produce sends by default, for people
    std::size_t viewers_max = 64;                ///< live streams at a time; 503 above
    std::size_t queries_max = 64;  ///< that wait for that thread; above, 503 for the address with the most
};

}  // namespace logpipe::web
