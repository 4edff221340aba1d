// The body of POST /loki/api/v1/push:
//
//   {"streams":[{"stream":{"service":"kafka","container":"logpipe_kafka_1","stream":"stdout","level":"info","topic":"kafka"},
//                "values":[["1764020131128553500","the line",{"container_id":"0cf9…"}], …]}, …]}
#pragma once

#include "log_entry.hpp"
#include "stream_table.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace logpipe::loki {

/// One request after the other. One thread.
class push_request final {
  public:
    /// The table outlives it.
    push_request(stream_table& streams, bool structured_metadata)
        : streams_{streams}, structured_metadata_{structured_metadata} {}

    /// Lines of one stream keep their order.
    /// @return false when the stream was one too many, so that the line went to that of "other".
    bool add(log_entry const& entry, std::int64_t time_ns, steady_time now);
    /// The labels of the stream that the line goes to; they hold until the next call.
    [[nodiscard]] std::string const& stream_of(log_entry const& entry, steady_time now);
    [[nodiscard]] bool empty() const noexcept { return bodies_.empty(); }
    /// The body; the next one begins empty.
    [[nodiscard]] std::string finish();

  private:
    [[nodiscard]] bool label(log_entry const& entry, steady_time now);
    [[nodiscard]] std::string& values();

    stream_table& streams_;
    bool const structured_metadata_;
    std::unordered_map<std::string, std::size_t> indexes_;  // of bodies_, by labels
    std::vector<std::string> bodies_;                       // a stream each, all but its end
    std::string labels_;                                    // of the line that was looked up last
};

}  // namespace logpipe::loki
