#include "lines/line_source.hpp"

#include "core/log.hpp"
#include "lines/binary_content.hpp"
#include "lines/metrics.hpp"
#include "lines/unpacked_input.hpp"

#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <utility>

namespace logpipe::lines {

namespace {

// A batch counts its bytes in 32 bits; a line and the chunk it ends must stay far below.
constexpr std::size_t line_bytes_limit = std::size_t{1} << 30U;

/// One chunk a batch. Reads no further than the chunk that is wanted: one piece is all that is kept besides.
class line_source final : public source {
  public:
    line_source(std::unique_ptr<byte_input> input, line_source_options options)
        : input_{make_unpacked(std::move(input), options.origin)},
          line_bytes_max_{options.lines.line_bytes_max},
          origin_{options.origin},
          identity_{fmt::format("{} run {}", options.origin, options.lines.run_id)},
          chunker_{std::move(options.lines), options.limits, std::move(options.origin)} {}

    result<> open() override {
        if (line_bytes_max_ == 0 || line_bytes_max_ > line_bytes_limit)
            return error{errc::invalid_argument,
                         fmt::format("--line-bytes-max: must be 1 to {} bytes", line_bytes_limit)};
        return input_->open();
    }

    std::string identity() const override { return identity_; }

    result<> seek(std::span<position const> stored) override {
        for (auto const& at : stored)
            if (at.partition == 0) chunker_.seek(at.offset);
        return {};
    }

    result<> read(batch& into, steady_time until) override {
        while (!ended_) {
            if (stopping_.load() && (input_->repeatable() || piece_.empty())) return end(into, !input_->repeatable());
            if (!piece_.empty()) {
                if (chunker_.add(piece_)) return give(into);
                continue;
            }
            // What will not come a second time does not wait for its chunk to fill up.
            bool const live = !input_->repeatable() && chunker_.lines() > lines_given_;
            auto const got = input_->read(live ? std::chrono::steady_clock::now() : until);
            if (!got) return got.error();
            if (!got->has_value()) {
                if (live && chunker_.flush()) return give(into);
                lines_given_ = chunker_.lines();
                return {};
            }
            if ((*got)->end) return end(into, true);
            piece_ = (*got)->bytes;
            if (auto const* format = content_.check(piece_)) return reject_content(*format);
        }
        return error{errc::end_of_input, "all lines were read"};
    }

    // Nothing durable is known here: a run that is repeated makes the same events, by its run id.
    result<> commit(std::span<progress const> /*safe*/) override { return {}; }

    void stop() override {
        stopping_.store(true);
        input_->wake();
    }

    void wake() override { input_->wake(); }

    std::optional<source_progress> read_progress() const override {
        auto const size = input_->size();
        if (!size) return std::nullopt;
        auto const& read = size->unit == source_progress::measure::bytes ? bytes_read_ : lines_read_;
        return source_progress{.read = read.load(std::memory_order_relaxed), .total = size->total, .unit = size->unit};
    }

    stage_status status() const override {
        auto status = input_->status();
        if (auto const size = input_->size())
            status.metrics.emplace_back(
                size->unit == source_progress::measure::bytes ? metrics::size_bytes : metrics::size_lines, size->total);
        status.metrics.emplace_back(metrics::read_bytes, bytes_read_);
        status.metrics.emplace_back(metrics::empty_lines, empty_lines_);
        status.metrics.emplace_back(metrics::cut_lines, cut_lines_);
        status.metrics.emplace_back(metrics::hole_bytes, hole_bytes_);
        return status;
    }

  private:
    result<> give(batch& into) {
        chunker_.take(into);
        lines_given_ = chunker_.lines();
        count();
        return {};
    }

    /// Nothing of it was given on: a chunk has more than the bytes by which it is known.
    error reject_content(binary_format const& format) {
        ended_ = true;
        piece_ = {};
        auto const hint = format.command.empty()
                              ? std::string{}
                              : fmt::format("; convert it: {} FILE | logpipe produce -", format.command);
        return {errc::rejected, fmt::format("{} is {}, not lines of text{}", origin_, format.name, hint)};
    }

    /// `rest` is false where what is left over would come in the same chunk when the run is repeated.
    result<> end(batch& into, bool rest) {
        ended_ = true;
        bool const has_chunk = rest && chunker_.finish();
        count();
        if (has_chunk) return give(into);
        return error{errc::end_of_input, "all lines were read"};
    }

    void count() {
        bytes_read_.store(chunker_.offset_bytes(), std::memory_order_relaxed);
        lines_read_.store(chunker_.lines(), std::memory_order_relaxed);
        empty_lines_.store(chunker_.empty_lines(), std::memory_order_relaxed);
        cut_lines_.store(chunker_.cut_lines(), std::memory_order_relaxed);
        auto const holes = chunker_.hole_bytes() - hole_bytes_.load(std::memory_order_relaxed);
        if (holes == 0) return;
        hole_bytes_.fetch_add(holes, std::memory_order_relaxed);
        if (auto const times = hole_log_.admit(); times > 0)
            log_warn(
                "{}: {} NULs in a row among the lines, as where a file is truncated while it is written; they are "
                "taken "
                "for a line ({} times)",
                origin_, holes, times);
    }

    std::unique_ptr<byte_input> input_;
    std::size_t line_bytes_max_;
    std::string origin_;
    std::string identity_;
    line_chunker chunker_;
    binary_content content_;
    std::string_view piece_;  // of the input, not yet taken by the chunker
    std::uint64_t lines_given_ = 0;
    bool ended_ = false;
    std::atomic<bool> stopping_{false};
    std::atomic<std::uint64_t> bytes_read_{0};
    std::atomic<std::uint64_t> lines_read_{0};
    std::atomic<std::uint64_t> empty_lines_{0};
    std::atomic<std::uint64_t> cut_lines_{0};
    std::atomic<std::uint64_t> hole_bytes_{0};
    log_limit hole_log_;
};

}  // namespace

std::unique_ptr<source> make_line_source(std::unique_ptr<byte_input> input, line_source_options options) {
    if (options.lines.run_id.empty()) options.lines.run_id = make_run_id();
    return std::make_unique<line_source>(std::move(input), std::move(options));
}

}  // namespace logpipe::lines
