#include "forward_decoder.hpp"

#include <fmt/format.h>

namespace logpipe {

namespace {

error no_message(char first) {
    if (first == '{' || first == '[') return {errc::protocol, "the peer speaks JSON; only msgpack is taken"};
    return {errc::protocol,
            fmt::format("a message begins with byte 0x{:02x}, which is no msgpack array: not the forward protocol?",
                        static_cast<unsigned char>(first))};
}

}  // namespace

result<std::optional<forward_message>> forward_decoder::next() {
    while (true) {
        auto value = stream_.next();
        if (!value) return value.error();
        if (!*value) return std::optional<forward_message>{};
        if ((*value)->front() == '\xc0') continue;
        auto message = read_forward_message(**value, limits_);
        if (!message) return no_message((*value)->front());
        return message;
    }
}

}  // namespace logpipe
