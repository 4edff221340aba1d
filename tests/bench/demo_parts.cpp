// How fast lines come in: made-up ones as text, through the demo source as batches, and split from text in memory.
// The aim is 5 million lines a second from the demo source, so that it never is what a measurement measures.
#include "demo/demo.hpp"
#include "demo_lines.hpp"
#include "lines/line_chunker.hpp"
#include "lines/lines.hpp"
#include "part.hpp"

#include <memory>
#include <stdexcept>

namespace logpipe::bench {

using namespace demo;
using namespace lines;

namespace {

constexpr std::size_t lines_a_round = 8192;

std::string demo_text() {
    std::string text;
    demo_lines{{}}.append(lines_a_round, text);
    return text;
}

prepared_part make_lines() {
    auto const text = std::make_shared<std::string>(demo_text());
    auto const bytes = text->size();
    return {.events = lines_a_round,
            .bytes = bytes,
            .round = [text, lines = std::make_shared<demo_lines>(demo_lines_options{})] {
                text->clear();
                lines->append(lines_a_round, *text);
            }};
}

prepared_part read_demo_source() {
    std::shared_ptr<source> const from = demo::make_demo_source({.lines = {.run_id = "run"}});
    auto const into = std::make_shared<batch>();
    auto const read = [from, into] {
        into->clear();
        if (!from->read(*into, steady_time::max())) throw std::runtime_error{"the demo source ended"};
    };
    if (!from->open()) throw std::runtime_error{"the demo source did not open"};
    read();
    return {.events = into->events.size(), .bytes = into->records.size(), .round = read};
}

prepared_part split_text() {
    struct work {
        std::string text = demo_text();
        lines::line_chunker chunker{{.run_id = "run"}, {}, "bench"};
        batch into;
    };
    auto const with = std::make_shared<work>();
    return {.events = lines_a_round, .bytes = with->text.size(), .round = [with] {
                for (std::string_view rest = with->text; !rest.empty();)
                    if (with->chunker.add(rest)) with->chunker.take(with->into);
            }};
}

}  // namespace

std::vector<part> demo_parts() {
    return {{"make_lines", make_lines}, {"read_demo_source", read_demo_source}, {"split_text", split_text}};
}

}  // namespace logpipe::bench
