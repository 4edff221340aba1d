#include "packed_entries.hpp"

#include <fmt/format.h>

namespace logpipe::forward {

packed_entries::packed_entries(forward_compression how, std::string_view packed)
    : format_{how == forward_compression::gzip ? "gzip" : "zstd"},
      inflater_{how == forward_compression::gzip ? inflaters{codec::gzip_inflater{}}
                                                 : inflaters{codec::zstd_inflater{}}},
      packed_{packed} {}

result<> packed_entries::read(std::string& into, std::size_t bytes_max) {
    auto const end = into.size() + bytes_max;
    while (into.size() < end) {
        auto const before = into.size();
        auto const done = std::visit([&](auto& by) { return by.inflate(packed_, into, end - before); }, inflater_);
        if (!done) return done;
        if (!packed_.empty() || into.size() > before) continue;
        if (!std::visit([](auto const& by) { return by.at_end(); }, inflater_))
            return error{errc::corrupt, fmt::format("{} ends in the middle", format_)};
        has_ended_ = true;
        break;
    }
    return {};
}

}  // namespace logpipe::forward
