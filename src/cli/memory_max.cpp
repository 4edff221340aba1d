#include "memory_max.hpp"

#include "core/log.hpp"
#include "core/memory_budget.hpp"
#include "core/memory_limit.hpp"
#include "core/options.hpp"

#include <fmt/format.h>
#include <malloc.h>

namespace logpipe::cli {

namespace {

// The program's share does not shrink with the limit.
constexpr std::uint64_t least_bytes = std::uint64_t{64} << 20U;

/// glibc raises by itself the size from which a block is given back when it is freed, up to 32 MiB: a process that had
/// held one large message would keep it for ever.
void give_large_blocks_back() noexcept {
    mallopt(M_MMAP_THRESHOLD, 1 << 20);
}

}  // namespace

result<> use_memory_max(settings const& options) {
    auto const wanted = options.bytes("memory-max");
    if (wanted != 0 && wanted < least_bytes)
        return error{errc::invalid_argument, fmt::format("--memory-max {}: expected at least {}",
                                                         options.text("memory-max"), bytes_text(least_bytes))};
    auto const bytes = wanted != 0 ? wanted : usable_memory();
    if (bytes < least_bytes)
        log_warn("{}: the system gives this process {} bytes of memory; it needs {} at least", options.subcommand(),
                 bytes, least_bytes);
    process_memory().set_limits(share_memory(bytes));
    give_large_blocks_back();
    return {};
}

}  // namespace logpipe::cli
