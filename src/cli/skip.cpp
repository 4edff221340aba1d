// Passes a group over events that its reader cannot get past; each becomes a dead letter.
#include "audit/skip.hpp"

#include "core/end_uri.hpp"
#include "endpoints.hpp"
#include "operator_ends.hpp"
#include "subcommands.hpp"
#include "transfer.hpp"

#include <fmt/format.h>

#include <charconv>
#include <filesystem>
#include <optional>

namespace logpipe::cli {

namespace {

struct offset_place {
    std::int32_t partition = 0;
    std::uint64_t offset = 0;
};

/// PARTITION:OFFSET, or OFFSET in partition 0.
std::optional<offset_place> parse_place(std::string_view text) {
    offset_place place;
    auto const read = [](std::string_view from, auto& into) {
        auto const [end, failed] = std::from_chars(from.data(), from.data() + from.size(), into);
        return !from.empty() && failed == std::errc{} && end == from.data() + from.size() && into >= 0;
    };
    auto const colon = text.find(':');
    if (colon != std::string_view::npos && !read(text.substr(0, colon), place.partition)) return std::nullopt;
    if (!read(text.substr(colon == std::string_view::npos ? 0 : colon + 1), place.offset)) return std::nullopt;
    return place;
}

/// Where the group's own process puts its dead letters.
std::string letters_uri(settings const& options) {
    if (auto const& uri = options.text("dead-letters"); !uri.empty()) return uri;
    auto const& from = options.text("from");
    auto const of_group = with_suffix(from, fmt::format(".{}.dlq", options.text("group")));
    auto const uri = parse_uri(of_group);
    bool const own = uri && uri->scheme == "journal" && std::filesystem::exists(uri->rest);
    return own ? of_group : with_suffix(from, ".dlq");
}

/// `run` has its store beside its journal.
std::string store_uri(settings const& options, std::string const& journal) {
    if (auto const& uri = options.text("to"); !uri.empty()) return uri;
    auto const beside = (std::filesystem::path{journal}.lexically_normal().parent_path() / "store.sqlite").string();
    return std::filesystem::exists(beside) ? "sqlite:" + beside : std::string{};
}

result<std::unique_ptr<audit::group_position>> place_of(operator_ends& ends, endpoints& made, settings const& options) {
    auto const uri = parse_uri(options.text("from"));
    if (!uri) return uri.error();
    if (uri->scheme == "journal") {
        std::unique_ptr<sink> store;
        if (auto const to = store_uri(options, uri->rest); !to.empty()) {
            if (!to.starts_with("sqlite:"))
                return error{errc::invalid_argument, "--to: only a store of SQLite keeps positions, sqlite:PATH"};
            auto opened = made.make_sink(to);
            if (!opened) return opened.error();
            store = *std::move(opened);
        }
        return audit::make_journal_group(uri->rest, options.text("group"), std::move(store));
    }
    auto const where = ends.kafka(*uri);
    if (!where) return where.error();
    return audit::make_kafka_group(where->cluster, where->topic, options.text("group"));
}

result<> skip_events(settings const& options) {
    if (options.text("group").empty()) return error{errc::invalid_argument, "say whose position: --group NAME"};
    auto const at = parse_place(options.text("at"));
    if (!at)
        return error{errc::invalid_argument,
                     "say the last offset to pass over: --at PARTITION:OFFSET, or --at OFFSET of a journal"};
    operator_ends ends{options};
    shared_resources shared;
    endpoints made{options, shared};
    auto const place = place_of(ends, made, options);
    if (!place) return place.error();
    auto const plan = audit::plan_skip(**place, at->partition, at->offset);
    if (!plan) return plan.error();
    auto const uri = letters_uri(options);
    fmt::print("group {}, partition {}: from offset {} to {}; {} events become dead letters in {}\n",
               options.text("group"), plan->partition, plan->from, plan->to, plan->events, uri);
    if (options.on("dry-run")) {
        fmt::print("dry run: nothing was moved\n");
        return {};
    }
    auto const meant = is_meant(options, "What is skipped is not processed until it is retried.");
    if (!meant) return meant.error();
    if (!*meant) return {};
    auto const letters = made.make_dead_letters(uri);
    if (!letters) return letters.error();
    if (auto skipped = audit::skip(**place, *plan, **letters); !skipped) return skipped;
    fmt::print("skipped\n");
    return {};
}

}  // namespace

int run_skip(settings const& options, argument_list const& /*rest*/) {
    if (auto skipped = skip_events(options); !skipped) return report_failure(options, skipped.error());
    return exit_done;
}

}  // namespace logpipe::cli
