// What a server answers to `_bulk`: any bytes give each item a fate, or none of them. The first byte is how many were
// sent.
#include "bulk_response.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t bytes) {
    using namespace logpipe;
    using namespace logpipe::opensearch;
    if (bytes == 0) return 0;
    std::size_t const sent = data[0];
    std::string const text{reinterpret_cast<char const*>(data) + 1, bytes - 1};
    bulk_response_reader reader;
    bulk_outcome outcome;
    auto body = text;
    reader.read(200, body, sent, outcome);
    if (outcome.request == request_fate::per_item) {
        if (outcome.items.size() != sent) std::abort();
        auto reason = outcome.reasons.begin();
        for (std::uint32_t i = 0; i < sent; ++i) {
            bool const is_there = outcome.items[i] == item_fate::indexed || outcome.items[i] == item_fate::duplicate;
            bool const has_reason = reason != outcome.reasons.end() && reason->item == i;
            if (is_there == has_reason) std::abort();
            if (has_reason) ++reason;
        }
        if (reason != outcome.reasons.end()) std::abort();
    } else if (outcome.reason.empty()) {
        std::abort();
    }
    body = text;
    reader.read(503, body, sent, outcome);
    if (outcome.request != request_fate::retry && outcome.request != request_fate::pause) std::abort();
    return 0;
}
