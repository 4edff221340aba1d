#include "endpoints.hpp"

#include "core/end_uri.hpp"
#include "core/nearest.hpp"
#include "formats/normalize.hpp"
#include "lines/lines.hpp"
#include "runtime/dead_letters.hpp"

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
    std::vector<std::string_view> schemes;
    std::string known;
    for (auto const* end : ends())
        for (auto const scheme : schemes_of(*end, role)) {
            schemes.push_back(scheme);
            known += fmt::format("{}{}:", known.empty() ? "" : ", ", scheme);
        }
    auto const near = nearest(uri.scheme, schemes);
    return {errc::invalid_argument,
            fmt::format("{}: \"{}:\" cannot be a {}; {}available: {}", without_login(uri.whole), uri.scheme,
                        role == end_role::source ? "source" : "sink",
                        near.empty() ? std::string{} : fmt::format("did you mean \"{}:\"? ", near), known)};
}

result<chosen_end> choose(std::string const& text, end_role role, settings const& options) {
    auto uri = parse_uri(text);
    if (!uri) return uri.error();
    auto const* end = end_of_scheme(uri->scheme);
    if (end == nullptr || std::ranges::find(schemes_of(*end, role), uri->scheme) == schemes_of(*end, role).end())
        return unknown_scheme(*uri, role);
    auto values = end_values::of(*uri, options_of(*end), options);
    if (!values) return values.error();
    return chosen_end{end, *std::move(uri), *std::move(values)};
}

/// What a hop calls a transform, and its values with those of its name over them.
struct chosen_transform {
    transform_descriptor const* what = nullptr;
    end_values values;  ///< without a transform the settings alone
};

result<chosen_transform> choose_transform(std::string const& name, settings const& options) {
    auto const uri = parse_uri(name.contains(':') ? name : name + ':');
    if (!uri) return uri.error();
    if (name.empty()) return chosen_transform{nullptr, end_values{options}};
    auto const* what = transform_of_name(uri->scheme);
    if (what == nullptr) {
        std::vector<std::string_view> names;
        for (auto const* each : transforms()) names.push_back(each->name);
        return error{errc::invalid_argument,
                     fmt::format("unknown transform \"{}\"; available: {}", uri->scheme, fmt::join(names, ", "))};
    }
    auto values = end_values::of(*uri, what->options, options);
    if (!values) return in_context(fmt::format("transform {}", name), values.error());
    return chosen_transform{what, *std::move(values)};
}

}  // namespace

result<std::shared_ptr<shared_resource>> shared_resources::get(
    std::string const& name, std::function<result<std::shared_ptr<shared_resource>>()> const& make) {
    mutex_lock const lock{mutex_};
    if (auto const there = all_.find(name); there != all_.end()) return there->second;
    if (!make) return std::shared_ptr<shared_resource>{};
    auto made = make();
    if (made) all_[name] = *made;
    return made;
}

void shared_resources::tend() {
    mutex_lock const lock{mutex_};
    for (auto const& [name, resource] : all_) resource->tend();
}

endpoints::endpoints(settings const& options, shared_resources& shared, std::string run_id)
    : options_{options}, shared_{shared}, run_id_{std::move(run_id)} {
    if (run_id_.empty()) run_id_ = options_.text("run-id");
    if (run_id_.empty()) run_id_ = lines::make_run_id();
}

end_request endpoints::request(end_uri uri, option_values const& values) {
    return {.uri = std::move(uri),
            .values = values,
            .run_id = run_id_,
            .share = [this](std::string const& name, auto const& make) { return shared_.get(name, make); }};
}

result<std::unique_ptr<source>> endpoints::make_source(hop_spec const& hop) {
    auto chosen = choose(hop.from, end_role::source, options_);
    if (!chosen) return chosen.error();
    auto asked = request(std::move(chosen->uri), chosen->values);
    asked.group = hop.group;
    asked.until_end = hop.until_end;
    asked.other_end = hop.to;
    if (options_.has("data-dir")) asked.state_folder = options_.text("data-dir");
    return chosen->end->make_source(asked);
}

result<std::unique_ptr<sink>> endpoints::make_sink(std::string const& uri, hop_spec const& of) {
    auto chosen = choose(uri, end_role::sink, options_);
    if (!chosen) return chosen.error();
    auto change = choose_transform(of.transform, options_);
    if (!change) return change.error();
    auto mapping = formats::mapping_of(change->values);
    if (!mapping) return mapping.error();
    auto asked = request(std::move(chosen->uri), chosen->values);
    asked.documents = std::move(mapping->documents);
    asked.group = of.group;
    asked.other_end = of.from;
    return chosen->end->make_sink(asked);
}

result<std::unique_ptr<dead_letters>> endpoints::make_dead_letters(std::string const& uri) {
    auto chosen = choose(uri, end_role::sink, options_);
    if (!chosen) return chosen.error();
    auto asked = request(std::move(chosen->uri), chosen->values);
    asked.for_dead_letters = true;
    auto to = chosen->end->make_sink(asked);
    if (!to) return to.error();
    auto const form = uri.starts_with("kafka:")     ? runtime::letter_form::frame
                      : uri.starts_with("journal:") ? runtime::letter_form::bundle
                                                    : runtime::letter_form::json;
    return runtime::make_dead_letters(*std::move(to), form);
}

result<std::unique_ptr<transform>> endpoints::make_transform(std::string const& name) {
    auto const chosen = choose_transform(name, options_);
    if (!chosen) return chosen.error();
    if (chosen->what == nullptr) return std::unique_ptr<transform>{};
    return chosen->what->make(chosen->values);
}

result<std::shared_ptr<journal::topic>> endpoints::open_topic(std::string const& folder) {
    end_uri uri{.scheme = "journal", .rest = folder, .query = {}, .whole = "journal:" + folder};
    return journal::open_shared_topic(request(std::move(uri), options_));
}

}  // namespace logpipe::cli
