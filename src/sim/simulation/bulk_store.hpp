// A double of a document store: it creates under ids, and knows those that it has. It outlives who writes to it.
#pragma once

#include "course.hpp"
#include "logpipe/stage.hpp"

#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace logpipe::sim {

class bulk_store final {
  public:
    enum class fate : std::uint8_t { indexed, duplicate, rejected, busy, no_response };
    using document = std::pair<event_id, std::string>;

    bulk_store(course& of, std::uint64_t seed, bool is_wrong) : course_{of}, chance_{seed}, is_wrong_{is_wrong} {}

    // Faults.
    void leave_until(steady_time until) { away_until_ = until; }
    void be_busy_until(steady_time until) { busy_until_ = until; }
    void reset_until(steady_time until) { resets_until_ = until; }
    void be_slow_until(steady_time until) { slow_until_ = until; }
    void end_faults() { away_until_ = busy_until_ = resets_until_ = slow_until_ = {}; }
    /// What is curable is accepted from now on.
    void correct_mapping() { is_corrected_ = true; }

    [[nodiscard]] bool is_there() const noexcept { return away_until_ <= course_.time.now; }
    [[nodiscard]] bool is_corrected() const noexcept { return is_corrected_; }
    /// Of each document what became of it, and how long the response takes.
    [[nodiscard]] std::vector<fate> create(std::span<document const> documents, std::chrono::microseconds& takes);

  private:
    [[nodiscard]] fate create(document const& what);

    course& course_;
    chance chance_;
    bool const is_wrong_;
    std::map<event_id, std::string> documents_;
    bool is_corrected_ = false;
    steady_time away_until_;
    steady_time busy_until_;
    steady_time resets_until_;
    steady_time slow_until_;
};

/// The store's end in one process. One thread.
class bulk_sink : public sink {
  public:
    [[nodiscard]] virtual steady_time due() const = 0;
    virtual void step() = 0;
};
[[nodiscard]] std::unique_ptr<bulk_sink> make_bulk_sink(course& of, bulk_store& to, chance& by);

}  // namespace logpipe::sim
