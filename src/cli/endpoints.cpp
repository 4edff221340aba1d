#include "endpoints.hpp"

#include "core/end_uri.hpp"
#include "lines/lines.hpp"
#include "runtime/dead_letters.hpp"
#include "transform_options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace logpipe::cli {

namespace {

/// What is made of a URI: the end, and its values with the query's over them.
struct chosen_end {
    end_descriptor const* end;
    end_uri uri;
    end_values values;
};

error unknown_scheme(end_uri const& uri, end_role role) {
    std::string known;
    for (auto const* end : ends())
        for (auto const scheme : schemes_of(*end, role))
            known += fmt::format("{}{}:", known.empty() ? "" : ", ", scheme);
    return {errc::invalid_argument, fmt::format("{}: \"{}:\" cannot be a {}; there are {}", uri.whole, uri.scheme,
                                                role == end_role::source ? "source" : "sink", known)};
}

result<chosen_end> choose(std::string const& text, end_role role, settings const& options) {
    auto uri = parse_uri(text);
    if (!uri) return uri.error();
    auto const* end = end_of_scheme(uri->scheme);
    if (end == nullptr || std::ranges::find(schemes_of(*end, role), uri->scheme) == schemes_of(*end, role).end())
        return unknown_scheme(*uri, role);
    auto values = end_values::of(*uri, *end, options);
    if (!values) return values.error();
    return chosen_end{end, *std::move(uri), *std::move(values)};
}

std::string group_of(settings const& options) {
    auto const& named = options.list("group");
    return named.empty() ? std::string{} : named.front();
}

}  // namespace

endpoints::endpoints(settings const& options, std::string run_id) : options_{options}, run_id_{std::move(run_id)} {
    if (run_id_.empty()) run_id_ = options_.text("run-id");
    if (run_id_.empty()) run_id_ = lines::make_run_id();
}

end_request endpoints::request(end_uri uri, option_values const& values) {
    return {.uri = std::move(uri),
            .values = values,
            .run_id = run_id_,
            .group = group_of(options_),
            // `run --once` ends when its own source has, and all of that is indexed.
            .until_end = options_.on("once") && options_.subcommand() != "run",
            .share = [this](std::string const& name, auto const& make) -> result<std::shared_ptr<shared_resource>> {
                if (auto const there = shared_.find(name); there != shared_.end()) return there->second;
                auto made = make();
                if (made) shared_[name] = *made;
                return made;
            }};
}

result<std::unique_ptr<source>> endpoints::make_source(std::string const& uri) {
    auto chosen = choose(uri, end_role::source, options_);
    if (!chosen) return chosen.error();
    return chosen->end->make_source(request(std::move(chosen->uri), chosen->values));
}

result<std::unique_ptr<sink>> endpoints::make_sink(std::string const& uri) {
    return make_sink(uri, false);
}

result<std::unique_ptr<sink>> endpoints::make_sink(std::string const& uri, bool for_dead_letters) {
    auto chosen = choose(uri, end_role::sink, options_);
    if (!chosen) return chosen.error();
    auto asked = request(std::move(chosen->uri), chosen->values);
    asked.for_dead_letters = for_dead_letters;
    auto mapping = mapping_of(options_);
    if (!mapping) return mapping.error();
    asked.documents = std::move(mapping->documents);
    return chosen->end->make_sink(asked);
}

result<std::unique_ptr<dead_letters>> endpoints::make_letters(std::string const& uri) {
    auto to = make_sink(uri, true);
    if (!to) return to.error();
    auto const form = uri.starts_with("kafka:")     ? runtime::letter_form::frame
                      : uri.starts_with("journal:") ? runtime::letter_form::bundle
                                                    : runtime::letter_form::json;
    return runtime::make_dead_letters(*std::move(to), form);
}

result<std::shared_ptr<journal::topic>> endpoints::open_topic(std::string const& folder) {
    end_uri uri{.scheme = "journal", .rest = folder, .query = {}, .whole = "journal:" + folder};
    return journal::open_shared_topic(request(std::move(uri), options_));
}

void endpoints::tend() {
    auto const now = std::chrono::steady_clock::now();
    if (now - tended_at_ < std::chrono::seconds{1}) return;
    tended_at_ = now;
    for (auto const& [name, resource] : shared_) resource->tend();
}

std::string dead_letters_uri(settings const& options) {
    if (auto const& uri = options.text("dead-letters"); !uri.empty()) return uri;
    auto const& from = options.text("from");
    // A journal has one writer, so consume and index have each their own; a topic of Kafka has many.
    if (from.starts_with("journal:")) return with_suffix(from, fmt::format(".{}.dlq", options.subcommand()));
    if (from.starts_with("kafka:")) return with_suffix(from, ".dlq");
    return "file:logpipe-dead-letters.jsonl";
}

}  // namespace logpipe::cli
