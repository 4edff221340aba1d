#include "stage_options.hpp"

#include "core/descriptors.hpp"
#include "core/log.hpp"
#include "demo/demo.hpp"
#include "http/http.hpp"
#include "net/tls.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>

namespace logpipe::cli {

namespace {

using std::chrono::duration_cast;
using std::chrono::seconds;

std::uint32_t small_count(settings const& options, std::string_view name) {
    return static_cast<std::uint32_t>(
        std::min<std::uint64_t>(options.count(name), std::numeric_limits<std::uint32_t>::max()));
}

template <class Number>
result<> read_number(end_uri const& uri, std::string_view key, std::string_view text, Number& into) {
    auto const [end, failed] = std::from_chars(text.data(), text.data() + text.size(), into);
    if (failed == std::errc{} && end == text.data() + text.size() && into >= 0) return {};
    return error{errc::invalid_argument, fmt::format("{}: {}=\"{}\" is no number", uri.whole, key, text)};
}

/// What is asked for above the descriptors that there are could only fail.
std::uint32_t connections_max_of(settings const& options) {
    auto const asked = small_count(options, "connections-max");
    auto const limit = descriptor_limit();
    auto const most = share_descriptors(limit).forward_connections;
    if (asked <= most) return asked;
    auto const said = fmt::format(
        "{}: at most {} clients instead of {} (--connections-max): the process may open {} files (ulimit -Hn)",
        options.subcommand(), most, asked, limit);
    if (options.all().at("connections-max").origin == "default") {
        log_info("{}", said);
    } else {
        log_warn("{}", said);
    }
    return static_cast<std::uint32_t>(most);
}

/// None where the option is not given.
result<forward::forward_users> forward_users_of(settings const& options) {
    auto const lines = options.secret_lines("users-file");
    if (!lines) return lines.error();
    if (lines->empty()) return forward::forward_users{};
    auto users = forward::parse_forward_users(*lines);
    if (!users) return in_context("--users-file", users.error());
    return users;
}

}  // namespace

result<> check_ca_file(settings const& options) {
    auto const made =
        net::make_tls_client({.ca_file = options.text("ca-file"), .certificate_file = {}, .key_file = {}});
    if (!made) return made.error();
    return {};
}

lines::line_options line_options_of(settings const& options, std::string run_id) {
    return {.tag = options.text("tag"), .run_id = std::move(run_id), .line_bytes_max = options.bytes("line-bytes-max")};
}

http::http_source_options http_options_of(settings const& options, std::string run_id, std::string url) {
    return {.url = std::move(url),
            .ca_file = options.text("ca-file"),
            .insecure_skip_verify = options.on("insecure-skip-verify"),
            .connect_timeout = options.duration("connect-timeout"),
            .idle_timeout = options.duration("idle-timeout"),
            .lines = line_options_of(options, std::move(run_id))};
}

result<demo::demo_options> demo_options_of(settings const& options, std::string run_id, end_uri const& uri) {
    demo::demo_options demo;
    if (uri.rest != "nginx")
        return error{errc::invalid_argument, fmt::format("{}: the only demo is demo:nginx", uri.whole)};
    demo.lines = line_options_of(options, std::move(run_id));
    for (auto const& [key, value] : uri.query) {
        result<> read;
        std::uint64_t serial = 0;
        if (key == "lines") {
            read = read_number(uri, key, value, demo.lines_max);
        } else if (key == "rate") {
            read = read_number(uri, key, value, demo.lines_per_second_max);
        } else if (key == "seed") {
            read = read_number(uri, key, value, demo.seed);
        } else if (key == "serial") {
            read = read_number(uri, key, value, serial);
            demo.serial = serial != 0;
        } else {
            read = error{
                errc::invalid_argument,
                fmt::format("{}: unknown parameter \"{}\"; there are lines, rate, seed and serial", uri.whole, key)};
        }
        if (!read) return read.error();
    }
    return demo;
}

result<forward::forward_source_options> forward_source_options_of(settings const& options) {
    auto key = options.secret("shared-key-file");
    if (!key) return key.error();
    auto users = forward_users_of(options);
    if (!users) return users.error();
    return forward::forward_source_options{
        .listen = options.text("listen"),
        .message_bytes_max = options.bytes("message-bytes-max"),
        .decompressed_bytes_max = options.bytes("decompressed-bytes-max"),
        .entries_max = small_count(options, "entries-max"),
        .nesting_max = small_count(options, "nesting-max"),
        .connections_max = connections_max_of(options),
        .connections_per_address = small_count(options, "connections-per-address"),
        .idle_timeout = duration_cast<seconds>(options.duration("client-idle-timeout")),
        .first_message_timeout = options.duration("first-message-timeout"),
        .message_timeout = options.duration("message-timeout"),
        .heartbeat = options.on("heartbeat"),
        .handshake_timeout = duration_cast<seconds>(options.duration("handshake-timeout")),
        .pending_bytes_max = options.bytes("pending-bytes-max"),
        .trust_chunk_ids = options.on("trust-chunk-ids"),
        .shared_key = *std::move(key),
        .shared_key_file = options.text("shared-key-file"),
        .users = *std::move(users),
        .users_file = options.text("users-file"),
        .certificate_file = options.text("certificate-file"),
        .key_file = options.text("key-file"),
        .client_ca_file = options.text("client-ca-file")};
}

result<forward::forward_sink_options> forward_sink_options_of(settings const& options, std::string address, bool tls) {
    auto key = options.secret("send-key-file");
    if (!key) return key.error();
    auto password = options.secret("send-password-file");
    if (!password) return password.error();
    auto const& username = options.text("send-user");
    if (username.empty() != password->empty())
        return error{errc::invalid_argument, "--send-user and --send-password-file go together: give both or neither"};
    return forward::forward_sink_options{.connect = std::move(address),
                                         .in_flight_max = options.count("in-flight"),
                                         .connect_timeout = options.duration("connect-timeout"),
                                         .ack_timeout = options.duration("ack-timeout"),
                                         .compress = options.on("compress"),
                                         .shared_key = *std::move(key),
                                         .username = username,
                                         .password = *std::move(password),
                                         .shared_key_file = options.text("send-key-file"),
                                         .password_file = options.text("send-password-file"),
                                         .tls = tls,
                                         .ca_file = options.text("ca-file"),
                                         .certificate_file = options.text("client-certificate-file"),
                                         .key_file = options.text("client-key-file"),
                                         .insecure_skip_verify = options.on("insecure-skip-verify")};
}

namespace {

// Of the limit of dead letters: what goes at a time when they are full, or when all of a file are settled.
constexpr std::uint64_t letter_segments = 16;

/// A topic of dead letters has limits of its own, and is full without stopping what it takes letters of.
journal::journal_options for_letters(settings const& options, journal::journal_options all) {
    all.bytes_max = std::max<std::uint64_t>(options.bytes("letters-bytes-max"), 1);
    all.segment_bytes =
        std::clamp<std::uint64_t>(all.bytes_max / letter_segments, 1, std::max<std::uint64_t>(all.segment_bytes, 1));
    all.age_max = duration_cast<seconds>(options.duration("letters-age-max"));
    all.keep = seconds{0};
    all.when_full =
        options.text("letters-full") == "block" ? journal::journal_full::block : journal::journal_full::drop_oldest;
    // Dead letters of one chunk are many small runs of it; told apart by their sums alone, two in four thousand million
    // would pass for a repeat. A letter that comes twice is shown once anyway.
    all.chunk_window_count = 0;
    // A letter is waited for: its event goes no further without it.
    if (all.sync == journal::journal_sync::interval) all.sync = journal::journal_sync::every_group;
    return all;
}

}  // namespace

journal::journal_options journal_options_of(settings const& options, std::string folder) {
    auto const& sync = options.text("journal-sync");
    bool const letters = folder.ends_with(".dlq");
    journal::journal_options made{.folder = std::move(folder),
                                  .segment_bytes = options.bytes("journal-segment-bytes"),
                                  .bytes_max = options.bytes("journal-bytes-max"),
                                  .age_max = duration_cast<seconds>(options.duration("journal-age-max")),
                                  .keep = duration_cast<seconds>(options.duration("journal-keep")),
                                  .when_full = options.text("journal-full") == "block"
                                                   ? journal::journal_full::block
                                                   : journal::journal_full::drop_oldest,
                                  .sync = sync == "every-group" ? journal::journal_sync::every_group
                                          : sync == "interval"  ? journal::journal_sync::interval
                                                                : journal::journal_sync::never,
                                  .sync_interval = options.duration("journal-sync-interval")};
    return letters ? for_letters(options, std::move(made)) : made;
}

result<store::sqlite_sink_options> sqlite_options_of(settings const& options, std::string path) {
    auto mapping = mapping_of(options);
    if (!mapping) return mapping.error();
    return store::sqlite_sink_options{.path = std::move(path),
                                      .documents = std::move(mapping->documents),
                                      .full_text = options.on("full-text"),
                                      .age_max = duration_cast<seconds>(options.duration("store-age-max")),
                                      .rows_max = options.count("store-rows-max")};
}

result<formats::document_mapping> mapping_of(settings const& options) {
    auto found = formats::nginx_mapping();
    if (auto const& path = options.text("mapping"); !path.empty()) {
        auto read = formats::read_mapping(path);
        if (!read) return error{errc::invalid_argument, in_context("--mapping", read.error()).message};
        found = *std::move(read);
    }
    if (options.list("regions").empty()) return found;
    for (auto& field : found.table.fields)
        if (field.from == formats::field_source::choice) field.choices = options.list("regions");
    return found;
}

result<formats::normalize_options> normalize_options_of(settings const& options) {
    auto found = mapping_of(options);
    if (!found) return found.error();
    auto const& from = options.text("timestamp");
    if (from == "event" && found->table.time_key.empty())
        return error{
            errc::invalid_argument,
            fmt::format("--timestamp event: the mapping {} names no time of a line (key `time`)", found->table.name)};
    return formats::normalize_options{.table = std::move(found->table),
                                      .timestamp = from == "receive" ? formats::timestamp_from::receive
                                                   : from == "entry" ? formats::timestamp_from::entry
                                                                     : formats::timestamp_from::event,
                                      .line_bytes_max = options.bytes("line-bytes-max")};
}

}  // namespace logpipe::cli
