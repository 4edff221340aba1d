#include "core/file.hpp"
#include "core/options.hpp"
#include "store/sqlite.hpp"
#include "store_metrics.hpp"

namespace logpipe::store {

namespace {

using options = sqlite_sink_options;

option_set<options> const& sink_options() {
    static option_set<options> const set{
        choice<&options::full_text>(
            "full-text", "no|yes",
            "Whether the embedded store keeps a full-text index over the texts that the mapping names."),
        duration<&options::age_max>("store-age-max",
                                    "Documents of the embedded store older than this are removed; 0: never."),
        count<&options::rows_max>("store-rows-max",
                                  "Maximum documents in the embedded store: the oldest are removed; 0: no limit."),
    };
    return set;
}

result<std::unique_ptr<sink>> make_end(end_request const& request) {
    auto made = sink_options().read(request.values);
    if (!made) return made.error();
    made->path = request.uri.rest;
    made->documents = request.documents;
    // Where that fails the store's own open says what is wrong.
    (void)make_lasting_folder(system_files(), folder_of(made->path));
    return make_sqlite_sink(*std::move(made));
}

}  // namespace

end_descriptor const store_end{
    .name = "store",
    .sink_schemes = {"sqlite"},
    .title = "SQLite",
    .summary = "The embedded store: documents with typed columns and full-text search in one file.",
    .form = "sqlite:PATH",
    .sink_options = sink_options().rows(),
    .sink_stage = "sqlite_sink",
    .sink_metrics = {metrics::pending, metrics::indexed, metrics::duplicates, metrics::transactions, metrics::removed,
                     metrics::clock_jumps},
    .make_sink = make_end,
    .examples = {"logpipe index --from journal:data/nginx-events --to sqlite:data/store.sqlite"},
};

}  // namespace logpipe::store
