#include "core/end_uri.hpp"
#include "core/letter_options.hpp"
#include "core/log.hpp"
#include "core/options.hpp"
#include "journal/journal.hpp"
#include "journal_metrics.hpp"

#include <algorithm>
#include <filesystem>

namespace logpipe::journal {

namespace {

/// Of dead letters' limit: what is removed at once when they are full, or when all letters of a file are retried or
/// purged.
constexpr std::uint64_t letter_segments = 16;

struct end_options {
    journal_options topic;
    letter_retention letters;
};

option_set<journal_options> const& topic_options() {
    static option_set<journal_options> const set{
        bytes<&journal_options::bytes_max>("journal-bytes-max",
                                           "Maximum size of a topic on disk; less where the disk has less."),
        duration<&journal_options::age_max>("journal-age-max", "Events older than this are dropped; 0: never."),
        duration<&journal_options::keep>("journal-keep", "Keep what every reader has passed for this long."),
        choice<&journal_options::when_full>("journal-full", "block|drop-oldest",
                                            "At the journal's limit: let clients wait, or drop the oldest events."),
        choice<&journal_options::sync>("journal-sync", "every-group|interval|never",
                                       "When to fdatasync; acks wait for it, except with never."),
        duration<&journal_options::sync_interval>("journal-sync-interval", "Interval of --journal-sync interval.",
                                                  {.least = 1}),
        bytes<&journal_options::segment_bytes>("journal-segment-bytes", "Size of one file of the journal."),
    };
    return set;
}

struct reader_options {
    std::string group;
};

option_set<reader_options> const& source_options() {
    static option_set<reader_options> const set{
        in_uri(text<&reader_options::group>("group", "NAME", "Name of the position in the journal; default: --group.")),
    };
    return set;
}

option_set<end_options> const& sink_options() {
    static option_set<end_options> const set{within<&end_options::topic>(topic_options()),
                                             within<&end_options::letters>(letter_options())};
    return set;
}

/// A topic of dead letters has its own limits, and does not stop the events that it takes letters of when it is full.
journal_options for_letters(journal_options all, letter_retention const& letters) {
    all.bytes_max = std::max<std::uint64_t>(letters.bytes_max, 1);
    all.segment_bytes =
        std::clamp<std::uint64_t>(all.bytes_max / letter_segments, 1, std::max<std::uint64_t>(all.segment_bytes, 1));
    all.age_max = std::chrono::duration_cast<std::chrono::seconds>(letters.age_max);
    all.keep = std::chrono::seconds{0};
    all.when_full = letters.when_full == letters_full::block ? journal_full::block : journal_full::drop_oldest;
    // Dead letters of one chunk are many small runs of it; by their sums alone, two in four thousand million would pass
    // for duplicates. A letter that is written twice is shown once anyway.
    all.chunk_window_count = 0;
    // The event of a letter waits until the letter is safe.
    if (all.sync == journal_sync::interval) all.sync = journal_sync::every_group;
    return all;
}

class shared_topic final : public shared_resource {
  public:
    explicit shared_topic(std::string folder, std::shared_ptr<topic> open)
        : folder_{std::move(folder)}, open_{std::move(open)} {}

    [[nodiscard]] std::shared_ptr<topic> const& open() const noexcept { return open_; }
    void tend() override {
        if (auto tended = open_->tend(); !tended) log_warn("journal {}: {}", folder_, tended.error().message);
    }

  private:
    std::string const folder_;
    std::shared_ptr<topic> const open_;
};

std::string folder_of(end_request const& request) {
    return std::filesystem::path{request.uri.rest}.lexically_normal().string();
}

std::string shared_name(end_request const& request) {
    return "journal " + folder_of(request);
}

/// Lines of a followed file come in many small runs of one chunk, a few each time it grows: by their sums alone, two in
/// four thousand million would pass for duplicates. What a restart repeats is known by its id where it is stored.
journal_duplicates duplicates_of(end_request const& request) {
    auto const from = parse_uri(request.other_end);
    bool const is_followed = !request.group.empty() && from && from->scheme == "file";
    return is_followed ? journal_duplicates::keep : journal_duplicates::drop;
}

result<std::unique_ptr<source>> make_source_end(end_request const& request) {
    auto const made = source_options().read(request.values);
    if (!made) return made.error();
    auto const& group = made->group.empty() ? request.group : made->group;
    auto const open = request.share(shared_name(request), {});
    if (!open) return open.error();
    if (*open) return static_cast<shared_topic&>(**open).open()->make_source(group);
    return make_journal_source({.folder = request.uri.rest, .group = group, .until_end = request.until_end});
}

result<std::unique_ptr<sink>> make_sink_end(end_request const& request) {
    auto topic = open_shared_topic(request);
    if (!topic) return topic.error();
    return (*topic)->make_sink(duplicates_of(request));
}

}  // namespace

result<std::shared_ptr<topic>> open_shared_topic(end_request const& request) {
    auto const folder = folder_of(request);
    auto const open = [&]() -> result<std::shared_ptr<shared_resource>> {
        auto made = sink_options().read(request.values);
        if (!made) return made.error();
        made->topic.folder = folder;
        auto opened = open_journal(folder.ends_with(".dlq") ? for_letters(std::move(made->topic), made->letters)
                                                            : std::move(made->topic));
        if (!opened) return opened.error();
        return std::make_shared<shared_topic>(folder, *std::move(opened));
    };
    auto shared = request.share(shared_name(request), open);
    if (!shared) return shared.error();
    return static_cast<shared_topic&>(**shared).open();
}

end_descriptor const journal_end{
    .name = "journal",
    .source_schemes = {"journal"},
    .sink_schemes = {"journal"},
    .title = "Journal",
    .summary = "A durable log in a folder: the forwarder's disk buffer and the embedded broker.",
    .form = "journal:DIR/TOPIC",
    .source_options = source_options().rows(),
    .sink_options = sink_options().rows(),
    .source_stage = "journal_source",
    .sink_stage = "journal_sink",
    .source_metrics = {metrics::lag, metrics::read_offset, metrics::committed_offset, metrics::synced_offset,
                       metrics::lost_offsets},
    .sink_metrics = {metrics::bytes, metrics::limit_bytes, metrics::segments, metrics::synced_offset, metrics::syncs,
                     metrics::duplicate_events, metrics::dropped_events, metrics::dropped_segments,
                     metrics::reserve_bytes, metrics::reserves_released, metrics::clock_jumps, metrics::stalled_groups},
    .make_source = make_source_end,
    .make_sink = make_sink_end,
    .examples = {"logpipe consume --from journal:data/nginx-logs --to journal:data/nginx-events"},
};

}  // namespace logpipe::journal
