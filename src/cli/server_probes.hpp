// One probe a kind of server: connect, ask, and turn the answers into a report.
#pragma once

#include "settings.hpp"
#include "status/components.hpp"
#include "web/web.hpp"

namespace logpipe::cli {

[[nodiscard]] status::status_report probe_process(std::string const& address, std::chrono::milliseconds timeout,
                                                  web::peer_access const& access);
[[nodiscard]] status::status_report probe_kafka(settings const& options);
[[nodiscard]] status::status_report probe_opensearch(settings const& options);
[[nodiscard]] status::status_report probe_dashboards(settings const& options);
[[nodiscard]] status::status_report probe_loki(settings const& options);
[[nodiscard]] status::status_report probe_grafana(settings const& options);

}  // namespace logpipe::cli
