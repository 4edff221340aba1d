#include "endpoints.hpp"

#include "core/file.hpp"
#include "core/log.hpp"
#include "demo/demo.hpp"
#include "files/files.hpp"
#include "http/http.hpp"
#include "runtime/dead_letters.hpp"
#include "stage_options.hpp"
#include "uri.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>

namespace logpipe::cli {

namespace {

using made_source = result<std::unique_ptr<source>>;
using made_sink = result<std::unique_ptr<sink>>;

made_source file_source(endpoints& ends, end_uri const& uri) {
    return files::make_file_source(uri.rest, line_options_of(ends.options(), ends.run_id()));
}

made_source http_source(endpoints& ends, end_uri const& uri) {
    return http::make_http_source(http_options_of(ends.options(), ends.run_id(), uri.whole));
}

made_source demo_source(endpoints& ends, end_uri const& uri) {
    auto options = demo_options_of(ends.options(), ends.run_id(), uri);
    if (!options) return options.error();
    return demo::make_demo_source(*std::move(options));
}

made_source journal_source(endpoints& ends, end_uri const& uri) {
    return journal::make_journal_source(uri.rest, ends.options().text("group"));
}

made_sink line_sink(endpoints& /*ends*/, end_uri const& uri) {
    return files::make_line_sink(uri.scheme == "stdout" ? "-" : uri.rest);
}

made_sink to_forward(endpoints& ends, end_uri const& uri) {
    auto options = forward_sink_options_of(ends.options(), uri.rest, uri.scheme == "forwards");
    if (!options) return options.error();
    return forward::make_forward_sink(*std::move(options));
}

made_sink journal_sink(endpoints& ends, end_uri const& uri) {
    auto topic = ends.open_topic(uri.rest);
    if (!topic) return topic.error();
    return (*topic)->make_sink();
}

made_source kafka_source(endpoints& ends, end_uri const& uri) {
    auto options = kafka_source_options_of(ends.options(), uri);
    if (!options) return options.error();
    return kafka::make_kafka_source(*std::move(options));
}

made_sink kafka_sink(endpoints& ends, end_uri const& uri) {
    auto options = kafka_sink_options_of(ends.options(), uri, false);
    if (!options) return options.error();
    return kafka::make_kafka_sink(*std::move(options));
}

made_sink opensearch_sink(endpoints& ends, end_uri const& uri) {
    auto options = opensearch_sink_options_of(ends.options(), uri);
    if (!options) return options.error();
    return opensearch::make_opensearch_sink(*std::move(options));
}

made_source docker_source(endpoints& ends, end_uri const& uri) {
    auto options = docker_source_options_of(ends.options(), uri);
    if (!options) return options.error();
    return docker::make_docker_source(*std::move(options));
}

made_sink loki_sink(endpoints& ends, end_uri const& uri) {
    auto options = loki_sink_options_of(ends.options(), uri);
    if (!options) return options.error();
    return loki::make_loki_sink(*std::move(options));
}

made_sink sqlite_sink(endpoints& ends, end_uri const& uri) {
    // Where that fails the store's own open says what is wrong.
    (void)make_lasting_folder(system_files(), folder_of(uri.rest));
    auto options = sqlite_options_of(ends.options(), uri.rest);
    if (!options) return options.error();
    return store::make_sqlite_sink(*std::move(options));
}

struct end_row {
    std::string_view scheme;
    made_source (*make_source)(endpoints&, end_uri const&);
    made_sink (*make_sink)(endpoints&, end_uri const&);
};

constexpr std::array table{
    end_row{"file", file_source, line_sink},
    end_row{"stdout", nullptr, line_sink},
    end_row{"http", http_source, nullptr},
    end_row{"https", http_source, nullptr},
    end_row{"demo", demo_source, nullptr},
    end_row{"forward", nullptr, to_forward},
    end_row{"forwards", nullptr, to_forward},
    end_row{"journal", journal_source, journal_sink},
    end_row{"kafka", kafka_source, kafka_sink},
    end_row{"opensearch", nullptr, opensearch_sink},
    end_row{"opensearchs", nullptr, opensearch_sink},
    end_row{"sqlite", nullptr, sqlite_sink},
    end_row{"docker", docker_source, nullptr},
    end_row{"loki", nullptr, loki_sink},
    end_row{"lokis", nullptr, loki_sink},
};

template <class Maker>
error unknown(end_uri const& uri, std::string_view what, Maker end_row::* maker) {
    std::string known;
    for (auto const& row : table)
        if (row.*maker != nullptr) known += fmt::format("{}{}:", known.empty() ? "" : ", ", row.scheme);
    return {errc::invalid_argument,
            fmt::format("{}: \"{}:\" is no {}; there are {}", uri.whole, uri.scheme, what, known)};
}

}  // namespace

endpoints::endpoints(settings const& options, std::string run_id) : options_{options}, run_id_{std::move(run_id)} {
    if (run_id_.empty()) run_id_ = options_.text("run-id");
    if (run_id_.empty()) run_id_ = lines::make_run_id();
}

result<std::unique_ptr<source>> endpoints::make_source(std::string const& uri) {
    auto const parsed = parse_uri(uri);
    if (!parsed) return parsed.error();
    auto const row = std::ranges::find(table, parsed->scheme, &end_row::scheme);
    if (row == table.end() || row->make_source == nullptr) return unknown(*parsed, "source", &end_row::make_source);
    return row->make_source(*this, *parsed);
}

result<std::unique_ptr<sink>> endpoints::make_sink(std::string const& uri) {
    auto const parsed = parse_uri(uri);
    if (!parsed) return parsed.error();
    auto const row = std::ranges::find(table, parsed->scheme, &end_row::scheme);
    if (row == table.end() || row->make_sink == nullptr) return unknown(*parsed, "sink", &end_row::make_sink);
    return row->make_sink(*this, *parsed);
}

result<std::unique_ptr<dead_letters>> endpoints::make_letters(std::string const& uri) {
    auto const parsed = parse_uri(uri);
    if (!parsed) return parsed.error();
    if (parsed->scheme == "kafka") {
        auto options = kafka_sink_options_of(options_, *parsed, true);
        if (!options) return options.error();
        return runtime::make_dead_letters(kafka::make_kafka_sink(*std::move(options)), runtime::letter_form::frame);
    }
    auto to = make_sink(uri);
    if (!to) return to.error();
    return runtime::make_dead_letters(
        *std::move(to), parsed->scheme == "journal" ? runtime::letter_form::bundle : runtime::letter_form::json);
}

result<std::shared_ptr<journal::topic>> endpoints::open_topic(std::string const& folder) {
    auto const path = std::filesystem::path{folder}.lexically_normal().string();
    if (auto const open = topics_.find(path); open != topics_.end()) return open->second;
    auto opened = journal::open_journal(journal_options_of(options_, path));
    if (!opened) return opened.error();
    topics_[path] = *opened;
    return *opened;
}

void endpoints::tend() {
    auto const now = std::chrono::steady_clock::now();
    if (now - tended_at_ < std::chrono::seconds{1}) return;
    tended_at_ = now;
    for (auto const& [folder, topic] : topics_)
        if (auto tended = topic->tend(); !tended) log_warn("journal {}: {}", folder, tended.error().message);
}

}  // namespace logpipe::cli
