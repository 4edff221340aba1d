// One probe a kind of server: connect, ask, and turn the answers into a report.
#pragma once

#include "settings.hpp"
#include "status/components.hpp"
#include "web/web.hpp"

namespace logpipe::cli {

[[nodiscard]] status::status_report look_at_process(std::string const& address, std::chrono::milliseconds timeout,
                                                    web::peer_access const& access);
[[nodiscard]] status::status_report look_at_kafka(settings const& options);
[[nodiscard]] status::status_report look_at_opensearch(settings const& options);
[[nodiscard]] status::status_report look_at_dashboards(settings const& options);
[[nodiscard]] status::status_report look_at_loki(settings const& options);
[[nodiscard]] status::status_report look_at_grafana(settings const& options);

}  // namespace logpipe::cli
