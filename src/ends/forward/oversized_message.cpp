#include "oversized_message.hpp"

#include "msgpack_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace logpipe::forward {

namespace {

// The tag and the entries come first; neither can be the options.
constexpr std::uint64_t options_index_min = 3;
// A header claims less than 2^33 values; far above what any connection can send.
constexpr std::uint64_t values_max = std::numeric_limits<std::uint64_t>::max() / 4;

}  // namespace

oversized_message::oversized_message() {
    beginning_.reserve(forward_limits::excerpt_bytes_max);
    element_.reserve(forward_limits::options_bytes_max);
}

result<std::size_t> oversized_message::take(std::string_view bytes) {
    auto rest = bytes;
    while (!is_whole() && !rest.empty()) {
        if (payload_left_ > 0) {
            take_payload(rest);
            continue;
        }
        auto taken = take_header(rest);
        if (!taken) return taken.error();
        if (!*taken) break;
    }
    return bytes.size() - rest.size();
}

void oversized_message::take_payload(std::string_view& from) {
    auto const part = from.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(payload_left_, from.size())));
    keep(part);
    payload_left_ -= part.size();
    from.remove_prefix(part.size());
}

/// @return false where it is not whole.
result<bool> oversized_message::take_header(std::string_view& from) {
    msgpack_header header;
    auto const problem = read_msgpack_header(from, header);
    if (problem == msgpack_problem::truncated) return false;
    if (problem == msgpack_problem::invalid) return error{errc::protocol, "a byte that msgpack does not use (0xc1)"};
    if (started_ && values_left_ == 0) begin_element();
    keep(from.substr(0, header.bytes));
    from.remove_prefix(header.bytes);
    if (!started_) {
        started_ = true;
        elements_left_ = header.value;
        return true;
    }
    payload_left_ = header.payload_bytes();
    values_left_ += header.children();
    --values_left_;
    if (values_left_ > values_max) return error{errc::protocol, "a message that claims more values than can be sent"};
    return true;
}

void oversized_message::begin_element() {
    --elements_left_;
    ++element_index_;
    values_left_ = 1;
    element_.clear();
    element_is_short_ = element_index_ >= options_index_min;
}

void oversized_message::keep(std::string_view part) {
    bytes_ += part.size();
    beginning_.append(part.substr(0, forward_limits::excerpt_bytes_max - beginning_.size()));
    if (!element_is_short_) return;
    element_is_short_ = element_.size() + part.size() <= forward_limits::options_bytes_max;
    if (element_is_short_)
        element_.append(part);
    else
        element_.clear();
}

forward_message oversized_message::message(forward_limits const& limits) const {
    return read_oversized_message(
        beginning_, element_,
        fmt::format("a message of {} bytes; the limit is {}: only its first {} bytes are kept", bytes_,
                    limits.message_bytes_max, beginning_.size()));
}

}  // namespace logpipe::forward
