// The options of both ends of `ship`.
#include "stage_options.hpp"

#include <fmt/format.h>

namespace logpipe::cli {

namespace {

/// A service that is named as the host of --to is Loki.
std::string host_of_loki(settings const& options) {
    auto const to = parse_uri(options.text("to"));
    if (!to || (to->scheme != "loki" && to->scheme != "lokis")) return {};
    return to->rest.substr(0, to->rest.find(':'));
}

}  // namespace

result<docker::docker_source_options> docker_source_options_of(settings const& options, end_uri const& uri) {
    docker::docker_source_options docker;
    std::string_view socket = uri.rest;
    if (socket.starts_with("unix://")) socket.remove_prefix(7);
    if (!socket.empty()) docker.socket = socket;
    for (auto const& [key, value] : uri.query) {
        if (key == "project") {
            docker.labels.push_back("com.docker.compose.project=" + value);
        } else if (key == "label") {
            docker.labels.push_back(value);
        } else {
            return error{errc::invalid_argument,
                         fmt::format("{}: unknown parameter \"{}\"; there are project and label", uri.whole, key)};
        }
    }
    docker.positions_file = options.text("positions");
    docker.limited_services = options.list("limited-services");
    docker.limited_lines_per_second = static_cast<double>(options.count("limited-rate"));
    if (auto host = host_of_loki(options); !host.empty()) docker.limited_services.push_back(std::move(host));
    return docker;
}

result<loki::loki_sink_options> loki_sink_options_of(settings const& options, end_uri const& uri) {
    auto password = options.secret("loki-password-file");
    if (!password) return password.error();
    auto const& user = options.text("loki-user");
    if (user.empty() != password->empty())
        return error{errc::invalid_argument, "--loki-user and --loki-password-file belong together"};
    if (uri.scheme == "lokis")
        if (auto usable = check_ca_file(options); !usable) return in_context("loki", usable.error());
    return loki::loki_sink_options{.address = uri.rest,
                                   .tls = uri.scheme == "lokis",
                                   .ca_file = options.text("ca-file"),
                                   .insecure_skip_verify = options.on("insecure-skip-verify"),
                                   .tenant = options.text("tenant"),
                                   .username = user,
                                   .password = *std::move(password),
                                   .password_file = options.text("loki-password-file"),
                                   .push_bytes_max = options.bytes("push-bytes"),
                                   .push_age_max = options.duration("push-age"),
                                   .streams_max = options.count("streams-max"),
                                   .structured_metadata = options.on("structured-metadata"),
                                   .connect_timeout = options.duration("connect-timeout")};
}

}  // namespace logpipe::cli
