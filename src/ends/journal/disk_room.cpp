#include "disk_room.hpp"

#include <algorithm>

namespace logpipe::journal {

disk_room::disk_room(environment world, std::string folder, std::uint64_t bytes_max)
    : world_{std::move(world)},
      folder_{std::move(folder)},
      bytes_max_{bytes_max},
      reserve_{*world_.files, folder_},
      limit_{bytes_max} {}

std::uint64_t disk_room::limit(std::uint64_t topic_bytes) {
    if (topic_bytes >= look_again_bytes_ || world_.steady() - looked_at_ >= look_interval) look(topic_bytes);
    return limit_;
}

void disk_room::look(std::uint64_t topic_bytes) {
    looked_at_ = world_.steady();
    auto const disk = world_.files->space(folder_);
    if (!disk) return;  // what is written next says what is wrong
    reserve_.tend(*disk);
    auto const spared = spared_bytes(*disk);
    limit_ = std::min(bytes_max_, topic_bytes + (disk->available_bytes > spared ? disk->available_bytes - spared : 0));
    // Others write there as well, and what we write takes a little more than its bytes.
    look_again_bytes_ = topic_bytes + std::max<std::uint64_t>(spared / 4, 1);
}

}  // namespace logpipe::journal
