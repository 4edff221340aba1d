#include "disk_limit.hpp"

#include <algorithm>

namespace logpipe::journal {

disk_limit::disk_limit(environment world, std::string folder, std::uint64_t bytes_max)
    : world_{std::move(world)},
      folder_{std::move(folder)},
      bytes_max_{bytes_max},
      reserve_{*world_.files, folder_},
      bytes_{bytes_max} {}

std::uint64_t disk_limit::bytes(std::uint64_t topic_bytes) {
    if (topic_bytes >= measure_at_bytes_ || world_.steady() - measured_at_ >= measure_interval) measure(topic_bytes);
    return bytes_;
}

void disk_limit::measure(std::uint64_t topic_bytes) {
    measured_at_ = world_.steady();
    auto const disk = world_.files->space(folder_);
    if (!disk) return;  // the next write says what is wrong
    reserve_.tend(*disk);
    auto const spared = spared_bytes(*disk);
    bytes_ = std::min(bytes_max_, topic_bytes + (disk->available_bytes > spared ? disk->available_bytes - spared : 0));
    // Others write there as well, and what we write takes a little more than its bytes.
    measure_at_bytes_ = topic_bytes + std::max<std::uint64_t>(spared / 4, 1);
}

}  // namespace logpipe::journal
