// The formats of access logs that have a name.
#pragma once

#include "log_format/log_format.hpp"

#include <memory>

namespace logpipe::formats {

namespace log_formats {

// https://nginx.org/en/docs/http/ngx_http_log_module.html, https://httpd.apache.org/docs/2.4/logs.html
inline constexpr char common[] = R"($remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent)";
inline constexpr char combined[] = R"($remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent )"
                                   R"("$http_referer" "$http_user_agent")";
/// Of nginx's own packages.
inline constexpr char main[] = R"($remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent )"
                               R"("$http_referer" "$http_user_agent" "$http_x_forwarded_for")";
/// Apache's, as Debian's packages have it.
inline constexpr char vhost_combined[] = R"($server_name:$server_port $remote_addr - $remote_user [$time_local] )"
                                         R"("$request" $status $body_bytes_sent "$http_referer" "$http_user_agent")";
/// Apache's, where identd is asked.
inline constexpr char common_ident[] = R"($remote_addr $remote_ident $remote_user [$time_local] "$request" $status )"
                                       R"($body_bytes_sent)";
inline constexpr char combined_ident[] = R"($remote_addr $remote_ident $remote_user [$time_local] "$request" $status )"
                                         R"($body_bytes_sent "$http_referer" "$http_user_agent")";
/// https://doc.traefik.io/traefik/observability/access-logs/
inline constexpr char traefik[] = R"($remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent )"
                                  R"("$http_referer" "$http_user_agent" $request_number "$router" "$upstream_url" )"
                                  R"(${duration_ms}ms)";
/// What people put behind combined; it stays together.
inline constexpr char combined_and_more[] = R"($remote_addr - $remote_user [$time_local] "$request" $status )"
                                            R"($body_bytes_sent "$http_referer" "$http_user_agent" $line_rest)";

}  // namespace log_formats

template <char const* text>
std::unique_ptr<text_parser> make_log_format() {
    return std::make_unique<log_line_format>(log_line_format::compile(text).value());
}

}  // namespace logpipe::formats
