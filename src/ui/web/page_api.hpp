// The page's queries that need time: run one after the other by a separate thread.
#pragma once

#include "responses.hpp"

#include <functional>
#include <memory>

namespace logpipe::web {

/// What those queries share. One thread.
class query_context final {
  public:
    explicit query_context(page_options options) : options_{std::move(options)} {}

    /// The store; opened by the first query, and reopened after it failed.
    [[nodiscard]] result<log_dashboard*> logs();
    void forget_logs() { logs_.reset(); }
    [[nodiscard]] schema const& documents() const noexcept { return options_.documents; }
    [[nodiscard]] dead_letter_admin* letters() const { return options_.letters.get(); }

  private:
    page_options const options_;
    std::unique_ptr<log_dashboard> logs_;
};

using page_query = std::function<web_response(query_context&)>;

/// What the page may do here, for it to know what to show.
[[nodiscard]] web_response page_response(web_options const& options);
/// All that is watched, as the live stream sends it. One line.
[[nodiscard]] std::string processes_json(page_options const& options);

[[nodiscard]] page_query logs_query(web_request const& request, bool lines);
/// A query with a search or a filter scans rows for as long as the store allows; any other is answered from sums.
[[nodiscard]] bool scans_rows(web_request const& request, schema const& documents);
[[nodiscard]] page_query dead_letters_query(web_request const& request, bool retry);

/// @param body  empty, or {"demo":{"lines":N,"rate":N,"seed":N}}
[[nodiscard]] result<produce_request> produce_request_of(std::string_view body);

}  // namespace logpipe::web
