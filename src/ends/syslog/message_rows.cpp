#include "message_rows.hpp"

#include "core/environment.hpp"

#include <fmt/format.h>

#include <utility>

namespace logpipe::syslog {

message_rows::message_rows(lines::line_options options) : options_{std::move(options)}, source_id_{random_number()} {}

void message_rows::append(received_message const& message, batch& into) {
    if (into.empty()) ++batches_;
    auto const index = static_cast<std::uint32_t>(into.events.size());
    event_id const chunk{.high = source_id_, .low = batches_ << 32U};
    into.append(into.tag_index(options_.tag), chunk.at(index), message.received_ns, message.framed.text);
    ++counts_.messages;
    if (message.framed.cut) {
        ++counts_.cut;
        into.reject(index, "syslog", fmt::format("message over {} bytes", options_.line_bytes_max));
    } else if (message.framed.missing_bytes > 0) {
        ++counts_.incomplete;
        into.reject(
            index, "syslog",
            fmt::format("the connection ended {} bytes before the end of the message", message.framed.missing_bytes));
    }
}

}  // namespace logpipe::syslog
