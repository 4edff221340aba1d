#include "core/memory_budget.hpp"

#include <algorithm>

namespace logpipe {

memory_budget::holder& memory_budget::holder_of(std::string_view name) {
    mutex_lock const lock{mutex_};
    for (auto& each : holders_)
        if (each.name == name) return each;
    auto& made = holders_.emplace_back();
    made.name = name;
    return made;
}

void memory_budget::waited() {
    ++waits_;
    if (auto const count = said_.admit(); count != 0)
        log_warn("memory: {} bytes are held, above the bound of {} (--memory-max): reading waits ({} times)", held(),
                 limits().held, count);
}

memory_status memory_budget::status() const {
    memory_status now{.bytes_max = limits().held, .waits = waits_, .holders = {}};
    {
        mutex_lock const lock{mutex_};
        for (auto const& each : holders_) now.holders.push_back({.holder = each.name, .bytes = each.bytes});
    }
    std::ranges::sort(now.holders, {}, &held_memory::holder);
    return now;
}

memory_budget& process_memory() noexcept {
    static memory_budget budget;
    return budget;
}

}  // namespace logpipe
