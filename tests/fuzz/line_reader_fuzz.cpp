// An HTTP answer as it may come from anyone, → content (chunked, gzip, ranges) → lines → chunks.
// The first byte says how the input is cut into pieces and what was asked for; the rest are the connection's bytes.
// Checked besides memory safety: the result does not depend on the pieces, and every line keeps to its limit.
#include "content_history.hpp"
#include "http_content.hpp"
#include "lines/line_chunker.hpp"
#include "net/http_response_reader.hpp"

#include "core/assert.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

using namespace logpipe;
using namespace logpipe::http;
using namespace logpipe::lines;

namespace {

constexpr std::size_t line_bytes_max = 64;
// Inflated content may be a thousand times its size; a fuzzer's time is better spent otherwise.
constexpr std::size_t content_bytes_max = std::size_t{1} << 20U;

struct outcome {
    std::uint64_t events = 0;
    event_id last;
    bool failed = false;
    bool cut_short = false;  // by the bound on content
};

void take_chunk(line_chunker& chunker, outcome& got) {
    batch chunk;
    chunker.take(chunk);
    LOGPIPE_ASSERT(!chunk.empty());
    for (auto const& row : chunk.events) {
        LOGPIPE_ASSERT(row.record_bytes > 0 && row.record_bytes <= line_bytes_max);
        LOGPIPE_ASSERT(!chunk.record(row).contains('\n'));
    }
    got.events += chunk.events.size();
    got.last = chunk.events.back().id;
}

class reading {
  public:
    explicit reading(http_request_range const& range) : content_{range} { history_.start_over(); }

    bool feed(std::string_view bytes) {
        std::string body;
        if (!reader_.feed(bytes, body)) return fail();
        if (!judged_) {
            if (reader_.head() == nullptr) return true;
            if (!content_.judge(*reader_.head()) || !content_.accepted()) return fail();
            judged_ = true;
        }
        content_.feed(body);
        if (reader_.complete()) content_.end();
        return drain();
    }
    outcome finish() {
        if (!got.failed && !content_.finished()) {
            bool const whole = judged_ && reader_.end_of_connection().has_value();
            if (whole) content_.end();
            if (!whole || !drain() || !content_.finished()) got.failed = true;
        }
        if (!got.failed && chunker_.finish()) take_chunk(chunker_, got);
        return got;
    }

  private:
    bool fail() {
        got.failed = true;
        return false;
    }
    bool drain() {
        while (true) {
            auto const piece = content_.next();
            if (!piece) return fail();
            if (piece->empty()) return true;
            auto const fresh = history_.pass(*piece);
            LOGPIPE_ASSERT(fresh && *fresh == *piece);
            for (auto rest = *fresh; !rest.empty();)
                if (chunker_.add(rest)) take_chunk(chunker_, got);
            got.cut_short = history_.given_bytes() > content_bytes_max;
            if (got.cut_short) return fail();
        }
    }

    net::http_response_reader reader_;
    bool judged_ = false;
    http_content content_;
    content_history history_;
    line_chunker chunker_{
        {.tag = "fuzz", .run_id = "fuzz", .line_bytes_max = line_bytes_max}, {.bytes = 512, .lines = 8}, "fuzz"};
    outcome got;
};

outcome read(std::string_view answer, std::size_t piece_bytes, http_request_range const& range) {
    reading reader{range};
    while (!answer.empty()) {
        auto const piece = answer.substr(0, piece_bytes);
        answer.remove_prefix(piece.size());
        if (!reader.feed(piece)) break;
    }
    return reader.finish();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    if (size == 0) return 0;
    http_request_range range;
    if ((data[0] & 1U) != 0) range = {.begin_bytes = 5, .if_range = "\"tag\""};
    std::string_view const answer{reinterpret_cast<char const*>(data + 1), size - 1};
    auto const whole = read(answer, std::max<std::size_t>(answer.size(), 1), range);
    auto const pieces = read(answer, 1 + data[0] / 2U, range);
    if (whole.failed || pieces.failed) return 0;  // where it failed may depend on the pieces
    LOGPIPE_ASSERT(whole.events == pieces.events && whole.last == pieces.last);
    return 0;
}
