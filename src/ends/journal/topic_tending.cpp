// What is freed besides by limits and cursors: what somebody who knows the events says that nobody needs. The rest of
// topic_writer is next door.
#include "core/log.hpp"
#include "free_request.hpp"
#include "topic_writer.hpp"

namespace logpipe::journal {

namespace {

constexpr std::size_t request_bytes_max = std::size_t{16} << 20U;

}  // namespace

result<std::uint64_t> topic_writer::free(std::span<offset_range const> ranges) {
    std::uint64_t freed = 0;
    auto done = run_and_deliver([&]() -> result<> {
        // Only closed segments can go.
        if (active_.bytes() > 0 && covers(ranges, active_.first_offset(), next_offset_))
            if (auto rolled = roll(); !rolled) return rolled;
        auto const before = segments_.bytes();
        auto removed = segments_.remove_within(ranges);
        freed = before - segments_.bytes();
        return removed;
    });
    if (!done) return done.error();
    return freed;
}

result<> topic_writer::tend() {
    if (auto old = run_and_deliver([&] { return drop_idle_old(); }); !old) return old;
    auto const path = free_request_path(options_.folder);
    auto const text = read_file(*world_.files, path, request_bytes_max);
    if (!text && text.error().code == errc::not_found) return {};
    if (!text) return text.error();
    auto const ranges = parse_free_request(*text);
    if (!ranges) {
        log_warn("{}: {} is not what logpipe writes there; it is removed", name_, path);
        return world_.files->remove(path);
    }
    auto const freed = free(*ranges);
    if (!freed) return freed.error();
    log_info("{}: {} bytes freed", name_, *freed);
    return world_.files->remove(path);
}

}  // namespace logpipe::journal
