// What the page of the documents asks of the embedded store: figures over a stretch of time, and the newest lines.
#pragma once

#include "logpipe/result.hpp"
#include "logpipe/schema.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace logpipe {

/// Which documents. Times are whole minutes since the Unix epoch, of the document's own time.
struct log_view {
    std::int64_t from_minute = 0;
    std::int64_t to_minute = 0;  ///< not included
    /// A place in schema::facets, and the value that it must have; all must hold. A status is a number, a class
    /// ("4xx"), or "-" where there is none.
    std::vector<std::pair<std::size_t, std::string>> filters;
    /// Words that the searched texts must have, each by its beginning (from three characters on).
    std::string search;

    friend bool operator==(log_view const&, log_view const&) = default;
};

struct log_counts {
    std::uint64_t documents = 0;
    std::uint64_t bytes = 0;
};
struct log_value {
    std::string value;
    log_counts counts;         ///< at least
    std::uint64_t missed = 0;  ///< at most so many documents more
};
struct log_values {
    std::vector<log_value> top;  ///< most first
    std::uint64_t distinct = 0;  ///< of those that are kept by name
    log_counts others;           ///< of values that are too long, or not frequent enough, to be kept by name
    std::uint64_t missed = 0;    ///< a value that is not kept by name, and not too long, has at most so many documents
};
struct log_bar {
    std::int64_t start_minute = 0;
    std::array<std::uint64_t, 6> classes{};  ///< by the first digit of schema::status; 0: it has none
    std::uint64_t bytes = 0;
};

struct log_overview {
    log_view view;                 ///< as asked, cut to where there is data
    std::int64_t bar_minutes = 1;  ///< of each bar
    std::vector<log_bar> bars;     ///< those with documents, oldest first
    log_counts total;
    std::vector<log_values> facets;  ///< as schema::facets
    /// Figures under a filter are of the newest documents of the stretch of time only: of so many as there was time
    /// for, whether the filter lets them through or not.
    std::uint64_t counted = 0;
    std::uint64_t in_range = 0;  ///< documents of the stretch of time, whatever the filters
    bool incomplete = false;     ///< the same question again looks at more of them
};

struct log_line {
    std::int64_t row = 0;
    std::string document;  ///< JSON
};
struct log_lines {
    std::vector<log_line> lines;  ///< newest first
    std::int64_t before = 0;      ///< where to go on, whether there are more or not; 0: there are none
};

/// One thread. Every call is one short read transaction; nothing stays open in between, so the write-ahead log can
/// always be reset. A call that takes longer than its time limit ends with errc::timed_out.
class log_dashboard {
  public:
    virtual ~log_dashboard() = default;
    [[nodiscard]] virtual result<log_overview> overview(log_view const& view) = 0;
    /// @param before  rows below it; 0: the newest
    [[nodiscard]] virtual result<log_lines> lines(log_view const& view, std::int64_t before, std::size_t count_max) = 0;
};

}  // namespace logpipe
