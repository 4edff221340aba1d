// nginx's error log: "2026/11/29 10:00:01 [error] 12#13: *5 open() failed, client: 192.0.2.1, request: "GET /
// HTTP/1.1"". https://nginx.org/en/docs/ngx_core_module.html#error_log
#pragma once

#include "text/text_parser.hpp"

#include <string>
#include <string_view>

namespace logpipe::formats {

/// Members error_time (nginx writes it without a zone: taken for UTC), level, pid, tid, connection, message, and of the
/// request client, server, request, upstream, host, referrer.
class nginx_error_parser final : public text_parser {
  public:
    [[nodiscard]] bool parse(std::string_view line, text_members& into, std::string& reason) const override;

  private:
    member_key time_{"error_time"};
    member_key level_{"level"};
    member_key pid_{"pid"};
    member_key tid_{"tid"};
    member_key connection_{"connection"};
    member_key message_{"message"};
};

}  // namespace logpipe::formats
