// Made-up lines as a source, with an optional limit of their rate.
#include "demo/demo.hpp"
#include "demo_lines.hpp"
#include "lines/byte_input.hpp"
#include "lines/line_source.hpp"
#include "lines/lines.hpp"
#include "lines/waiter.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <limits>

namespace logpipe::demo {

namespace {

using std::chrono::steady_clock;

constexpr std::size_t piece_lines = 1024;
constexpr double chunks_per_second = 10.0;

/// With a rate, a chunk is a tenth of a second of lines: few enough that nobody waits long for the first, and known by
/// count, so that ids repeat with the same rate whatever the clock did.
lines::chunk_limits limits_for(demo_options const& options) {
    lines::chunk_limits limits;
    if (options.lines_per_second_max > 0)
        limits.lines = static_cast<std::size_t>(
            std::clamp(options.lines_per_second_max / chunks_per_second, 1.0, static_cast<double>(limits.lines)));
    return limits;
}

class demo_input final : public lines::byte_input {
  public:
    demo_input(demo_options const& options, std::size_t chunk_lines)
        : lines_max_{options.lines_max},
          rate_{options.lines_per_second_max},
          lines_{{.seed = options.seed, .serial = options.serial}},
          step_lines_{rate_ > 0 ? chunk_lines : piece_lines} {}

    result<> open() override {
        if (!(rate_ >= 0) || rate_ > 1e12)
            return error{errc::invalid_argument, "the rate must be 0 or more lines a second"};
        if (due_ == steady_clock::time_point{}) due_ = steady_clock::now();
        return {};
    }

    result<std::optional<lines::input_piece>> read(steady_time until) override {
        auto const left = lines_max_ == 0 ? std::numeric_limits<std::uint64_t>::max() : lines_max_ - made_;
        if (left == 0) return lines::input_piece{.bytes = {}, .end = true};
        auto const count = static_cast<std::size_t>(std::min<std::uint64_t>(left, step_lines_));
        if (rate_ > 0 && !wait_for_turn(count, until)) return std::nullopt;
        text_.clear();
        lines_.append(count, text_);
        made_ += count;
        return lines::input_piece{.bytes = text_};
    }

    bool repeatable() const override { return true; }
    void wake() override { waiter_.wake(); }

    std::optional<lines::input_size> size() const override {
        if (lines_max_ == 0) return std::nullopt;
        return lines::input_size{.total = lines_max_, .unit = source_progress::measure::events};
    }

    stage_status status() const override {
        stage_status status;
        status.name = "demo_source";
        return status;
    }

  private:
    /// @return true when `count` lines may be made now.
    bool wait_for_turn(std::size_t count, steady_time until) {
        auto const now = steady_clock::now();
        if (now < due_ && waiter_.wait(std::min(due_, until)) == lines::wait_outcome::woken) return false;
        if (steady_clock::now() < due_) return false;
        // A pipeline that stood still catches up for at most a second.
        auto const took = std::chrono::duration<double>{static_cast<double>(count) / rate_};
        due_ = std::max(due_, now - std::chrono::seconds{1}) + std::chrono::duration_cast<steady_clock::duration>(took);
        return true;
    }

    std::uint64_t lines_max_;
    double rate_;
    demo_lines lines_;
    std::size_t step_lines_;
    std::uint64_t made_ = 0;
    std::string text_;
    steady_clock::time_point due_{};  // of the next step
    lines::waiter waiter_;
};

}  // namespace

std::unique_ptr<source> make_demo_source(demo_options options) {
    auto const limits = limits_for(options);
    auto origin = fmt::format("demo seed {}{}", options.seed, options.serial ? " with serial" : "");
    auto input = std::make_unique<demo_input>(options, limits.lines);
    return lines::make_line_source(std::move(input),
                                   {.lines = std::move(options.lines), .limits = limits, .origin = std::move(origin)});
}

}  // namespace logpipe::demo
