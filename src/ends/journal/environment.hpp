// What the journal takes from the world, so that tests can hand in a world of their own.
#pragma once

#include "core/clock.hpp"
#include "core/file.hpp"
#include "journal/journal.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace logpipe::journal {

/// 64 random bits from the system, never 0.
[[nodiscard]] std::uint64_t random_number();

struct environment {
    file_system* files = &system_files();  ///< outlives the journal
    wall_clock now = now_ns;
    wall_clock running = running_time_ns;
    std::function<std::uint64_t()> random = random_number;
};

[[nodiscard]] result<std::shared_ptr<topic>> open_journal(journal_options options, environment world);
[[nodiscard]] std::unique_ptr<source> make_journal_source(std::string folder, std::string group, environment world);

}  // namespace logpipe::journal
