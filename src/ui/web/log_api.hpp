// `/api/logs/…`: the view that a query names, and the store's response as JSON.
#pragma once

#include "logpipe/dashboard.hpp"
#include "query_string.hpp"
#include "responses.hpp"

namespace logpipe::web {

/// @return errc::invalid_argument for unknown names and bad ranges
[[nodiscard]] result<log_view> log_view_of(schema const& documents, query_pairs const& query);

[[nodiscard]] web_response log_overview_response(log_dashboard& store, schema const& documents,
                                                 query_pairs const& query);
[[nodiscard]] web_response log_lines_response(log_dashboard& store, schema const& documents, query_pairs const& query);

/// What the page shows of which fields.
void write_documents(json_object&& to, schema const& documents);

}  // namespace logpipe::web
