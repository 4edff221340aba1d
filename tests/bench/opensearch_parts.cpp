// Bodies of `_bulk` requests, and what the server says to them.
#include "bulk_request.hpp"
#include "bulk_response.hpp"
#include "formats/normalize.hpp"
#include "lines.hpp"
#include "part.hpp"

#include <memory>
#include <stdexcept>

namespace logpipe::bench {

using namespace opensearch;

namespace {

constexpr std::uint32_t items = 2048;

prepared_part bulk_body() {
    struct work {
        pending_batch held;
        bulk_request request;
    };
    auto const with = std::make_shared<work>();
    with->held.events = nginx_batch(items);
    formats::make_normalize({})->apply(with->held.events);
    return {.events = items, .bytes = with->held.events.records.size(), .round = [with] {
                with->request.clear();
                for (std::uint32_t i = 0; i < items; ++i) {
                    auto const& row = with->held.events.events[i];
                    auto const payload = with->held.events.payload(row);
                    bool const newline = has_newline(payload);
                    if (unusable_reason(payload, newline)) throw std::logic_error{"a bad document"};
                    with->request.add({.of = &with->held, .row = i, .has_newline = newline});
                }
            }};
}

prepared_part bulk_reply() {
    struct work {
        std::string answer = R"({"took":7,"errors":false,"items":[)";
        std::string body;
        bulk_response_reader reader;
        bulk_outcome outcome;
    };
    auto const with = std::make_shared<work>();
    for (std::uint32_t i = 0; i < items; ++i)
        with->answer += i == 0 ? R"({"create":{"status":201}})" : R"(,{"create":{"status":201}})";
    with->answer += "]}";
    return {.events = items, .bytes = with->answer.size(), .round = [with] {
                with->body = with->answer;
                with->reader.read(200, with->body, items, with->outcome);
                if (with->outcome.items.size() != items)
                    throw std::logic_error{"not understood: " + with->outcome.reason};
            }};
}

}  // namespace

std::vector<part> opensearch_parts() {
    return {{"bulk_body", bulk_body}, {"bulk_reply", bulk_reply}};
}

}  // namespace logpipe::bench
