// What `torture` found, to be read and pasted.
#pragma once

#include "disk_facts.hpp"
#include "store/sqlite.hpp"

#include <chrono>
#include <cstdint>
#include <string>

namespace logpipe::cli {

struct torture_report {
    std::uint64_t lines = 0;  ///< sent, with serials 1 to this
    std::uint64_t seed = 0;
    std::uint64_t rate = 0;  ///< lines/s
    std::uint64_t pipeline_kills = 0;
    std::uint64_t sender_kills = 0;
    disk_facts disk{};
    /// By the serials within the lines, not by the ids that logpipe gives.
    std::uint64_t stored = 0;
    std::uint64_t missing = 0;
    std::uint64_t doubled = 0;
    std::uint64_t foreign = 0;  ///< documents without such a serial
    int verify_status = 0;
    std::string verify_text{};
    std::chrono::seconds time{0};
};

[[nodiscard]] bool is_passed(torture_report const& report) noexcept;
[[nodiscard]] result<> count_serials(store::store_reader& store, torture_report& into);
[[nodiscard]] std::string to_text(torture_report const& report);

}  // namespace logpipe::cli
