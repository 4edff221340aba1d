#include "feedback.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>

namespace logpipe::docker {

void line_allowance::refill(steady_time now) noexcept {
    left_ = std::min(rate_, left_ + rate_ * std::chrono::duration<double>(now - at_).count());
    at_ = now;
}

void line_allowance::spend(double lines, steady_time now) noexcept {
    refill(now);
    left_ -= lines;
}

std::chrono::milliseconds line_allowance::wait(steady_time now) noexcept {
    refill(now);
    if (left_ >= 0) return std::chrono::milliseconds{0};
    return std::chrono::milliseconds{1 + static_cast<std::int64_t>(-left_ / rate_ * 1000)};
}

std::string container_id_in(std::string_view mountinfo) {
    // The engine binds /etc/hostname, /etc/hosts and /etc/resolv.conf from DATA-ROOT/containers/ID/.
    constexpr std::string_view mark = "/containers/";
    constexpr std::size_t id_bytes = 64;
    for (auto at = mountinfo.find(mark); at != std::string_view::npos; at = mountinfo.find(mark, at + 1)) {
        auto const id = mountinfo.substr(at + mark.size(), id_bytes);
        auto const rest = mountinfo.substr(std::min(mountinfo.size(), at + mark.size() + id.size()));
        if (id.size() == id_bytes && rest.starts_with('/') &&
            id.find_first_not_of("0123456789abcdef") == std::string_view::npos)
            return std::string{id};
    }
    return {};
}

std::string own_container_id() {
    std::ifstream mounts{"/proc/self/mountinfo"};
    std::string const text{std::istreambuf_iterator<char>{mounts}, {}};
    return container_id_in(text);
}

bool is_loki_image(std::string_view image) noexcept {
    image = image.substr(0, image.find('@'));
    if (auto const slash = image.rfind('/'); slash != std::string_view::npos) image.remove_prefix(slash + 1);
    return image.substr(0, image.find(':')) == "loki";
}

}  // namespace logpipe::docker
