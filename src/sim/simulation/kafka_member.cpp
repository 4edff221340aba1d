#include "commit_metadata.hpp"
#include "core/assert.hpp"
#include "ends/kafka/intake.hpp"  // the forward protocol has one too
#include "kafka_doubles.hpp"
#include "message_id.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

namespace logpipe::sim {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t intake_bytes_max = 4'000;
constexpr std::size_t fetch_count_max = 20;
constexpr std::chrono::milliseconds heartbeat_interval{500};
constexpr auto commit_interval = 200ms;  // as offset_commits
constexpr auto revoke_drain = 5s;

class simulated_member final : public kafka_member {
  public:
    simulated_member(course& of, broker& from, chance& by)
        : course_{of}, broker_{from}, chance_{by}, number_{1 + (by.numbers()() >> 1U)}, intake_{intake_bytes_max} {}

    // The pump's.
    result<> open() override {
        if (!is_connected()) return error{errc::not_connected, "kafka: no broker"};
        is_open_ = true;
        return {};
    }
    std::string identity() const override { return "kafka:simulated/logs"; }
    std::optional<event_counts> counted() const override { return positions_.counted(); }
    passed_offsets passed() const override { return positions_.passed(); }
    std::optional<std::uint64_t> backlog() const override {
        auto unread = intake_.events();
        for (auto const& [partition, from] : assigned_)
            unread += broker_.log(partition).size() - static_cast<std::size_t>(from.next);
        return unread;
    }
    result<> seek(std::span<position const> /*stored*/) override { return {}; }
    result<> read(batch& into, steady_time /*until*/) override {
        if (intake_.take(into, steady_time{}) == kafka::intake::taken::closed_and_empty)
            return error{errc::end_of_input, "kafka: stopped"};
        return {};
    }
    result<> commit(std::span<progress const> safe) override {
        positions_.commit(safe);
        return {};
    }
    void stop() override {
        is_stopping_ = true;
        intake_.close();
    }
    void wake() override {}
    stage_status status() const override { return {.name = "kafka_source"}; }

    // What the thread `kafka-poll` of the real one does.
    void cut_off_until(steady_time until) override { cut_off_until_ = until; }
    steady_time due() const override {
        if (!is_open_ || has_left_) return steady_time::max();
        auto earliest = std::min(heartbeat_at_, commit_at_);
        if (has_messages()) earliest = std::min(earliest, fetch_at_);
        return earliest;
    }
    void step() override {
        auto const now = course_.time.now;
        if (heartbeat_at_ <= now) {
            heartbeat_at_ = now + chance_.about(heartbeat_interval);
            if (is_connected()) heartbeat();
        } else if (commit_at_ <= now) {
            commit_at_ = now + (positions_.due().empty() ? heartbeat_interval : commit_interval);
            commit_due();
            return_drained();
        } else if (fetch_at_ <= now) {
            fetch_at_ = now + chance_.about(10ms);
            if (is_connected()) fetch();
        }
    }
    bool is_beyond_bounds() const override { return intake_.bytes() > intake_bytes_max + 64'000; }

  private:
    struct reading {
        std::uint32_t number = 0;
        std::int64_t next = 0;
        bool is_revoked = false;
        std::string origin;
    };

    [[nodiscard]] bool is_connected() const { return broker_.is_there() && cut_off_until_ <= course_.time.now; }

    void heartbeat() {
        auto const next = broker_.heartbeat(number_);
        if (next.was_lost) {
            for (auto const& [partition, from] : assigned_) positions_.release(from.number);
            assigned_.clear();
            return;
        }
        for (auto const partition : next.assigned) assign(partition);
        for (auto const partition : next.revoked) {
            auto const found = assigned_.find(partition);
            if (found == assigned_.end() || found->second.is_revoked) continue;
            found->second.is_revoked = true;
            return_by_ = course_.time.now + revoke_drain;
        }
        return_drained();
    }

    void assign(std::size_t partition) {
        auto const& at = broker_.committed(partition);
        auto const found = at ? kafka::parse_commit_metadata(at->metadata, at->offset) : std::nullopt;
        auto const offset = at ? at->offset : 0;
        assigned_[partition] = {.number = positions_.assign(static_cast<std::int32_t>(partition), offset, found,
                                                            std::string{broker_.topic_id()}),
                                .next = offset,
                                .origin = fmt::format("kafka logs partition {}", partition)};
    }

    /// As partition_assignment does.
    void return_drained() {
        auto const is_revoked = [](auto const& each) { return each.second.is_revoked; };
        if (!is_connected() || std::ranges::none_of(assigned_, is_revoked)) return;
        bool const has_drained = std::ranges::all_of(
            assigned_, [&](auto const& each) { return !is_revoked(each) || positions_.drained(each.second.number); });
        if (!has_drained && course_.time.now < return_by_) return;
        commit_due();
        for (auto at = assigned_.begin(); at != assigned_.end();) {
            if (!at->second.is_revoked) {
                ++at;
                continue;
            }
            positions_.release(at->second.number);
            broker_.give_back(number_, at->first);
            at = assigned_.erase(at);
        }
    }

    void commit_due() {
        if (!is_connected()) return;
        for (auto const& each : positions_.due())
            if (broker_.commit(number_, static_cast<std::size_t>(each.partition),
                               {.offset = each.offset, .metadata = each.metadata}))
                positions_.committed(each.partition, each.offset);
    }

    [[nodiscard]] bool has_messages() const {
        if (is_stopping_ || intake_.full() || !is_connected()) return false;
        return std::ranges::any_of(assigned_, [&](auto const& each) {
            return !each.second.is_revoked &&
                   static_cast<std::size_t>(each.second.next) < broker_.log(each.first).size();
        });
    }

    void fetch() {
        for (auto& [partition, from] : assigned_) {
            if (from.is_revoked || is_stopping_) continue;
            auto const& log = broker_.log(partition);
            auto const before = from.next;
            auto const end =
                std::min<std::int64_t>(from.next + static_cast<std::int64_t>(1 + chance_.below(fetch_count_max)),
                                       static_cast<std::int64_t>(log.size()));
            kafka::intake::filling filling{intake_};
            for (; from.next < end; ++from.next) take(log[static_cast<std::size_t>(from.next)], from, filling);
            if (before != from.next) positions_.saw(from.number, from.next, from.next, {});
        }
    }

    /// As message_feed does.
    static void take(broker::message const& what, reading& from, kafka::intake::filling& filling) {
        auto const facts = kafka::facts_in_key(what.key);
        LOGPIPE_ASSERT(facts.has_value());
        auto& events = filling.of(from.number, from.origin);
        auto& row = events.append(events.tag_index(facts->tag), facts->id, facts->time_ns, what.value);
        row.received_ns = facts->received_ns;
        row.offset = static_cast<std::uint64_t>(from.next);
        events.end_offset = static_cast<std::uint64_t>(from.next) + 1;
    }

    course& course_;
    broker& broker_;
    chance& chance_;
    std::uint64_t const number_;
    kafka::intake intake_;
    kafka::group_positions positions_;
    std::map<std::size_t, reading> assigned_;
    bool is_open_ = false;
    bool is_stopping_ = false;
    bool has_left_ = false;
    steady_time cut_off_until_;
    steady_time heartbeat_at_;
    steady_time commit_at_;
    steady_time fetch_at_;
    steady_time return_by_;
};

}  // namespace

std::unique_ptr<kafka_member> make_kafka_member(course& of, broker& from, chance& by) {
    return std::make_unique<simulated_member>(of, from, by);
}

}  // namespace logpipe::sim
