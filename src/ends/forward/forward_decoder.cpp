#include "forward_decoder.hpp"

#include "msgpack_reader.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace logpipe::forward {

namespace {

error not_a_message(char first) {
    if (first == '{' || first == '[') return {errc::protocol, "the peer sends JSON; only msgpack is accepted"};
    return {errc::protocol,
            fmt::format("a message begins with byte 0x{:02x}, not a msgpack array: not the forward protocol?",
                        static_cast<unsigned char>(first))};
}

bool is_array(char first) {
    msgpack_header header;
    // The count may not have come yet, but the type has.
    std::array<char, 5> const padded{first};
    return read_msgpack_header({padded.data(), padded.size()}, header) == msgpack_problem::none &&
           header.type == msgpack_type::array;
}

}  // namespace

result<std::optional<forward_message>> forward_decoder::next() {
    while (!oversized_ && !is_skipped_) {
        if (value_.empty()) {
            auto value = stream_.next();
            if (!value && value.error().code == errc::too_large) {
                auto const first = stream_.buffered().front();
                if (!is_array(first)) return not_a_message(first);
                oversized_.emplace();
                break;
            }
            if (!value) return value.error();
            if (!*value) return std::optional<forward_message>{};
            if ((*value)->front() == '\xc0') continue;
            value_ = **value;
        }
        auto message = read_forward_message(value_, limits_);
        if (!message) return not_a_message(value_.front());
        value_ = {};
        return message;
    }
    return skip_oversized();
}

result<std::optional<forward_message>> forward_decoder::skip_oversized() {
    if (!is_skipped_) {
        auto const taken = oversized_->take(stream_.buffered());
        if (!taken) return taken.error();
        stream_.drop(*taken);
        if (!oversized_->is_whole()) return std::optional<forward_message>{};
        given_ = std::exchange(oversized_, std::nullopt);
        is_skipped_ = true;
    }
    auto message = given_->message(limits_);
    is_skipped_ = false;
    return std::optional{std::move(message)};
}

}  // namespace logpipe::forward
