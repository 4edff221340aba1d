// A double of Kafka: a topic whose messages stay, and one consumer group with its coordinator.
#pragma once

#include "course.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace logpipe::sim {

class broker final {
  public:
    static constexpr std::size_t partitions = 3;
    struct message {
        std::string key;
        std::string value;
    };

    broker(course& of, std::uint64_t seed) : course_{of}, chance_{seed} {}

    // Faults.
    void leave_until(steady_time until) { away_until_ = until; }
    void lose_reports_until(steady_time until) { loses_reports_until_ = until; }
    /// Other members get the partitions.
    void rebalance();
    void end_faults();

    [[nodiscard]] bool is_there() const noexcept { return away_until_ <= course_.time.now; }
    [[nodiscard]] std::string_view topic_id() const noexcept { return "c2ltdWxhdGVkIHRvcGljIQ"; }

    // The topic.
    void append(std::size_t partition, std::string key, std::string value);
    [[nodiscard]] bool is_slow() const noexcept { return loses_reports_until_ > course_.time.now; }
    [[nodiscard]] bool loses_report() { return loses_reports_until_ > course_.time.now && chance_.in(2); }
    [[nodiscard]] std::vector<message> const& log(std::size_t partition) const { return logs_.at(partition); }
    [[nodiscard]] bool has(std::string_view value) const { return values_.contains(value); }

    // The group.
    struct position {
        std::int64_t offset = 0;
        std::string metadata;
    };
    struct instructions {
        bool was_lost = false;  ///< the member was taken for dead: what it had is another's
        std::vector<std::size_t> assigned;
        std::vector<std::size_t> revoked;
    };
    /// To be called more often than the session timeout says.
    [[nodiscard]] instructions heartbeat(std::uint64_t member);
    void give_back(std::uint64_t member, std::size_t partition);
    void leave(std::uint64_t member);
    [[nodiscard]] std::optional<position> const& committed(std::size_t partition) const {
        return committed_.at(partition);
    }
    /// @return false where it is not a member any more
    [[nodiscard]] bool commit(std::uint64_t member, std::size_t partition, position const& to);
    [[nodiscard]] bool is_read() const;

    /// Members that are silent are taken for dead.
    [[nodiscard]] steady_time due() const { return next_check_; }
    void step();

  private:
    static constexpr std::uint64_t nobody = 0;
    struct member_state {
        steady_time seen;
        std::vector<std::size_t> assigned;  // not said yet
    };
    void assign();
    void forget(std::uint64_t member);
    void check(std::size_t partition, position const& to);

    course& course_;
    chance chance_;
    steady_time away_until_;
    steady_time loses_reports_until_;
    std::array<std::vector<message>, partitions> logs_;
    std::set<std::string, std::less<>> values_;
    std::array<std::optional<position>, partitions> committed_;
    std::map<std::uint64_t, member_state> members_;
    std::array<std::uint64_t, partitions> owners_{};
    std::size_t turn_ = 0;  // which member gets which
    steady_time next_check_;
};

}  // namespace logpipe::sim
