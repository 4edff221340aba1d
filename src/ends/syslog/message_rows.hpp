// Syslog messages become events.
#pragma once

#include "frame_splitter.hpp"

#include "lines/lines.hpp"
#include "logpipe/event.hpp"

#include <cstddef>
#include <cstdint>

namespace logpipe::syslog {

struct received_message {
    framed_message framed;
    std::int64_t received_ns = 0;
};

struct message_counts {
    std::uint64_t messages = 0;
    std::uint64_t cut = 0;
    std::uint64_t incomplete = 0;
};

/// What a batch_inbox decodes by. Nobody sends a message twice, so ids need not be repeatable: each source has a random
/// 64 bits, each batch a number, each event its place there. One thread.
class message_rows final {
  public:
    explicit message_rows(lines::line_options options);

    void append(received_message const& message, batch& into);
    [[nodiscard]] message_counts const& counts() const noexcept { return counts_; }

  private:
    lines::line_options options_;
    std::uint64_t source_id_;
    std::uint64_t batches_ = 0;
    message_counts counts_;
};

}  // namespace logpipe::syslog
