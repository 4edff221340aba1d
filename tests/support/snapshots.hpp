// A process snapshot with something in every field, for tests of what is made from snapshots.
#pragma once

#include "logpipe/status.hpp"

namespace logpipe {

inline stage_status stage_that_works(std::string name, std::string title, std::string target,
                                     std::vector<metric_value> metrics) {
    stage_status stage;
    stage.name = std::move(name);
    stage.title = std::move(title);
    stage.target = std::move(target);
    stage.metrics = std::move(metrics);
    return stage;
}

inline process_snapshot sample_snapshot() {
    pump_snapshot forward;
    forward.name = "forward";
    forward.finished = true;
    forward.book = {.counts = {.in = 100, .indexed = 100}, .in_flight = 0};
    forward.this_run = {.in = 60, .indexed = 60};
    forward.bytes_in = 20'000;
    forward.bytes_out = 21'000;
    forward.stages = {stage_that_works("forward_source", "Forward protocol", "forward://0.0.0.0:24224",
                                       {{gauge("open_connections", "Clients connected now.", "clients"), 3},
                                        {counter("messages_total", "Messages decoded."), 9}}),
                      stage_that_works("journal_sink", "Journal", "journal:data/nginx-logs",
                                       {{gauge("journal_bytes", "Size of the topic on disk.", "on disk"), 1'500'000}})};

    pump_snapshot index;
    index.name = "index";
    index.book = {.counts = {.in = 100, .indexed = 70, .duplicates = 20, .dead = 3}, .in_flight = 7};
    index.backlog = 12'000;
    index.this_run = {.in = 50, .indexed = 40, .duplicates = 2, .dead = 1};
    index.bytes_in = 1;
    index.bytes_out = 18'446'744'073'709'551'615U;
    index.retries = 4;
    index.queued_batches = 2;
    index.queued_batches_max = 16;
    index.in_flight_bytes = 4096;
    index.in_flight_bytes_max = 8192;
    index.oldest_seconds = 0.25;
    index.safe_after.add(1.0 / 64, 40);
    index.safe_after.add(3.0 / 16, 3);
    index.age_when_safe.add(1.5, 43);
    index.stages = {stage_that_works("journal_source", "Journal", "journal:data/nginx-logs",
                                     {{gauge("journal_read_offset", "Next offset to be read."), 7}}),
                    stage_that_works("normalize", "Transform", "", {}),
                    {.name = "sqlite_sink",
                     .title = "SQLite",
                     .target = "sqlite:data/store.sqlite",
                     .up = false,
                     .reason = "the disk is full",
                     .hint = "Free some space under /var/lib/logpipe.",
                     .retries = 4,
                     .metrics = {{gauge("store_documents", "Documents in the store."), 90}}}};

    return {.subcommand = "run",
            .version = "0.1.0",
            .pid = 4711,
            .started_ns = 1'769'823'099'995'123'456,
            .ready = true,
            .draining = false,
            .book = {.counts = {.in = 100, .indexed = 70, .duplicates = 20, .dead = 3}, .in_flight = 7},
            .pumps = {forward, index},
            .warnings = {{.time_ns = 1'769'823'100'000'000'000,
                          .severity = warning_severity::warning,
                          .message = "index: the sink waits"}}};
}

}  // namespace logpipe
