#include "kept_run_id.hpp"

#include "core/disk_reserve.hpp"
#include "core/log.hpp"
#include "lines/lines.hpp"

namespace logpipe::cli {

namespace {

constexpr std::size_t file_bytes_max = 1024;

}  // namespace

result<std::string> kept_run_id::take() {
    auto const kept = read_file(files_, path_, file_bytes_max);
    if (!kept && kept.error().code != errc::not_found) return kept.error();
    if (kept) {
        auto const id = kept->substr(0, kept->find('\n'));
        if (lines::run_time_ns(id) != 0) {
            log_info("run: an earlier run did not end; its run id {} is taken up, what it stored is not stored again",
                     id);
            return id;
        }
        log_warn("run: {} does not hold a run id: a new one is used, and what an earlier run stored is stored again",
                 path_);
    }
    auto id = lines::make_run_id();
    auto stored = with_reserve(files_, folder_of(path_), [&] { return store_file(files_, path_, id + '\n'); });
    if (!stored) return stored.error();
    return id;
}

result<> kept_run_id::forget() {
    return remove_stored_file(files_, path_);
}

}  // namespace logpipe::cli
