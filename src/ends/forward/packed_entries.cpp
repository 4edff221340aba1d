#include "packed_entries.hpp"

#include <fmt/format.h>

namespace logpipe::forward {

packed_entries::packed_entries(forward_compression how, std::string_view packed)
    : inflater_{how == forward_compression::gzip ? codec::inflater{codec::gzip_inflater{}}
                                                 : codec::inflater{codec::zstd_inflater{}}},
      packed_{packed} {}

result<> packed_entries::read(std::string& into, std::size_t bytes_max) {
    auto const end = into.size() + bytes_max;
    while (into.size() < end) {
        auto const before = into.size();
        if (auto done = inflater_.inflate(packed_, into, end - before); !done) return done;
        if (!packed_.empty() || into.size() > before) continue;
        if (!inflater_.at_end()) return error{errc::corrupt, fmt::format("{} ends in the middle", format())};
        has_ended_ = true;
        break;
    }
    return {};
}

}  // namespace logpipe::forward
