#include "demo/demo.hpp"
#include "lines/metrics.hpp"
#include "lines/options.hpp"

#include <fmt/format.h>

namespace logpipe::demo {

namespace {

using options = demo_options;

option_set<options> const& source_options() {
    static option_set<options> const set{
        in_uri(count<&options::lines_max>("lines", "Number of lines; 0: no end.")),
        in_uri(count<&options::lines_per_second_max>("rate", "Lines a second; 0: as fast as the pipeline takes them.")),
        in_uri(count<&options::seed>("seed", "Seed of the generator: the same one makes the same lines.")),
        in_uri(count<&options::serial>("serial", "1: add a running number, \"serial\", to each line.", {.most = 1})),
        within<&options::lines>(lines::options_of_lines()),
    };
    return set;
}

result<std::unique_ptr<source>> make_end(end_request const& request) {
    if (request.uri.rest != "nginx")
        return error{errc::invalid_argument,
                     fmt::format("{}: unknown demo \"{}\"; there is demo:nginx", request.uri.whole, request.uri.rest)};
    auto made = source_options().read(request.values);
    if (!made) return made.error();
    made->lines.run_id = request.run_id;
    return make_demo_source(*std::move(made));
}

}  // namespace

end_descriptor const demo_end{
    .name = "demo",
    .source_schemes = {"demo"},
    .title = "Demo lines",
    .summary = "Made-up nginx lines, the same for the same seed.",
    .form = "demo:nginx?lines=N&rate=R&seed=S",
    .source_options = source_options().rows(),
    .source_stage = "demo_source",
    .source_metrics = lines::metrics::of_source(lines::metrics::size_lines),
    .make_source = make_end,
    .examples = {"logpipe run --from 'demo:nginx?lines=100000' --once --data-dir data"},
};

}  // namespace logpipe::demo
