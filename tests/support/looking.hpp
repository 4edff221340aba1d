// Looking at a stage from outside until what a test waits for is so.
#pragma once

#include "logpipe/stage.hpp"

#include <chrono>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>

namespace logpipe::test {

/// How long anything may take. More than the 45 s after which a broker gives up a member that it has not heard of.
inline constexpr std::chrono::minutes wait_max{3};

/// Looks again and again. @return false after wait_max.
[[nodiscard]] bool comes_true(auto const& what) {
    auto const until = std::chrono::steady_clock::now() + wait_max;
    while (!what()) {
        if (std::chrono::steady_clock::now() > until) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds{2});  // between two looks
    }
    return true;
}

[[nodiscard]] inline double gauge_of(stage_status const& status, std::string_view name) {
    for (auto const& each : status.metrics)
        if (each.name == name) return each.value;
    throw std::runtime_error{"no metric " + std::string{name}};
}

}  // namespace logpipe::test
