#include "stream_formats.hpp"

#include "core/log.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <utility>

namespace logpipe::formats {

void stream_formats::begin(std::string_view stream) {
    if (chosen_ != &other_ && stream == name_) return;
    name_ = stream;
    auto found = streams_.find(stream);
    if (found == streams_.end() && streams_.size() < streams_max)
        found = streams_.emplace(std::string{stream}, undecided).first;
    other_ = undecided;
    chosen_ = found == streams_.end() ? &other_ : &found->second;
}

void stream_formats::choose(std::size_t format, std::string_view name) {
    if (chosen_ == &other_) return;
    *chosen_ = format;
    auto text = fmt::format("{}: {}", name_, name);
    log_info("normalize: format of {}", text);
    mutex_lock const lock{mutex_};
    notes_.push_back(std::move(text));
}

std::string stream_formats::note() const {
    constexpr std::size_t shown_max = 5;
    mutex_lock const lock{mutex_};
    if (notes_.size() <= shown_max) return fmt::format("{}", fmt::join(notes_, ", "));
    return fmt::format("{} and {} more", fmt::join(notes_.begin(), notes_.begin() + shown_max, ", "),
                       notes_.size() - shown_max);
}

}  // namespace logpipe::formats
