// A pump between ends in memory, on its threads.
#pragma once

#include "runtime/pump.hpp"

#include "support/memory_ends.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <utility>

namespace logpipe::test {

[[nodiscard]] inline steady_time soon() {
    return std::chrono::steady_clock::now() + std::chrono::seconds{20};
}

[[nodiscard]] inline runtime::pump_options quick(std::string name = "test") {
    return {.name = std::move(name),
            .retry_first = std::chrono::milliseconds{1},
            .retry_longest = std::chrono::milliseconds{5}};
}

/// Upper-cases each record; refuses "bad".
class shout final : public transform {
  public:
    void apply(batch& events) override {
        events.transformed = true;
        for (std::uint32_t i = 0; i < events.events.size(); ++i) {
            auto& row = events.events[i];
            if (row.rejected) continue;
            std::string text{events.record(row)};
            if (text == "bad") {
                events.reject(i, "shout", "it is bad");
                continue;
            }
            std::ranges::transform(text, text.begin(), [](char c) { return static_cast<char>(c - 32); });
            row.document_begin = static_cast<std::uint32_t>(events.documents.size());
            row.document_bytes = static_cast<std::uint32_t>(text.size());
            events.documents += text;
        }
    }
    stage_status status() const override { return {.name = "shout"}; }
};

/// Everything a test of the pump needs; the ends outlive the pump.
struct rig {
    explicit rig(memory_sink::behaviour how = {.finish_in_write = true, .stored = {}, .refuse = {}},
                 runtime::pump_options options = quick(), std::unique_ptr<transform> change = nullptr)
        : to{std::move(how)},
          moving{runtime::make_pump(
              {.from = borrow<source>(from), .change = std::move(change), .to = borrow<sink>(to), .dead = &dead},
              std::move(options))} {}

    memory_source from;
    memory_sink to;
    memory_dead_letters dead;
    std::unique_ptr<runtime::pump> moving;
};

[[nodiscard]] inline memory_sink::behaviour by_hand() {
    return {.stored = {}, .refuse = {}};
}

}  // namespace logpipe::test
