// The forward server's sessions and their clients, simulated: the real inbox, decoder, group and session steppers, and
// clients that cut their bytes anywhere, break off, fall silent and send again; a slow sink, short memory, ends of the
// source and kills at any step. Each seed is one history, the same each time: LOGPIPE_SIM_SEED runs that one alone.
#include "core/log.hpp"
#include "simulated_forward_client.hpp"
#include "simulated_forward_server.hpp"
#include "support/catch.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <list>
#include <optional>

using namespace logpipe;
using namespace logpipe::test;
using namespace std::chrono_literals;

namespace {

struct planted_faults {
    bool promises_early = false;  ///< the pump says safe before it is
    bool drops_bytes = false;     ///< the network loses one now and then
};

class simulation final {
  public:
    explicit simulation(std::uint64_t seed, planted_faults planted = {})
        : random_{seed},
          planted_{planted},
          faults_{.memory = seed % 4 == 1, .is_slow = seed % 5 == 2, .promises_early = planted.promises_early} {
        options_.message_bytes_max = forward_messages::message_bytes_max;
        options_.pending_bytes_max = 1 + pick(5'000);
        options_.connections_max = static_cast<std::uint32_t>(2 + pick(5));
        options_.message_timeout = 2s;
        options_.first_message_timeout = std::chrono::seconds{seed % 2 == 0 ? 5 : 0};
        options_.idle_timeout = std::chrono::seconds{seed % 7 == 0 ? 40 : 0};
        has_login_ = seed % 3 == 0;
        if (has_login_) options_.shared_key = "key";
        for (auto left = 2 + pick(4); left > 0; --left)
            clients_.emplace_back(
                simulated_forward_client::traits{
                    .wants_acks = left == 1 || pick(3) != 0, .has_login = has_login_, .faults = 0.01},
                messages_, random_, time_);
        start();
    }

    /// @return what is wrong in the end; empty: nothing
    std::string run(std::size_t steps) {
        for (std::size_t i = 0; i < steps && wrong_.empty(); ++i) {
            time_.now += std::chrono::microseconds{pick(2'000)};
            auto const choice = pick(1'000);
            if (choice < 60)
                any_client().make_message();
            else if (choice < 500)
                act(any_client());
            else if (choice < 985)
                server_->step();
            else if (choice < 995)
                time_.now += std::chrono::milliseconds{pick(3'000)};
            else if (choice < 997)
                stop_server();
            else if (choice == 997 && pick(4) == 0)
                kill_server();
        }
        return finish();
    }

    /// Differs as soon as two histories do.
    std::uint64_t digest() { return random_(); }

  private:
    std::size_t pick(std::size_t below) { return static_cast<std::size_t>(random_() % below); }
    simulated_forward_client& any_client() {
        return *std::next(clients_.begin(), static_cast<long>(pick(clients_.size())));
    }

    void start() {
        server_.emplace(options_, store_, faults_, random_, time_);
        server_->on_ack = [this](std::string_view chunk) {
            auto const* const message = messages_.of_chunk(chunk);
            if (message == nullptr || !store_.has_all(*message)) wrong(fmt::format("{} is acked and not safe", chunk));
        };
        admitted_ = 0;
        connections_.clear();
    }

    bool act(simulated_forward_client& client) {
        if (client.is_connected()) {
            if (planted_.drops_bytes && pick(200) == 0) drop_byte();
            return client.act();
        }
        if (!client.wants_connection()) return false;
        auto link = server_->accept();
        if (!link) {
            client.connect_later();
            return false;
        }
        ++admitted_;
        connections_.push_back(std::make_shared<client_connection>());
        connections_.back()->link = std::move(link);
        client.connect(connections_.back());
        return true;
    }
    void drop_byte() {
        for (auto const& each : connections_) each->link->drop_byte();
    }

    /// Whatever is due, until `is_done`; where nothing is, time goes on.
    template <class Condition>
    void go_on_until(std::string_view what, Condition const& is_done) {
        for (int i = 0; i < 20'000 && wrong_.empty(); ++i) {
            if (is_done()) return;
            bool any = server_->step();
            for (auto& each : clients_) any = act(each) || any;
            if (any) continue;
            auto next = server_->due();
            for (auto const& each : clients_) next = std::min(next, each.due());
            if (next == steady_time::max()) break;
            time_.now = std::max(next, time_.now + 1ms);
        }
        wrong(fmt::format("it stands still before {}", what));
    }

    /// All that came before is stored and acked, within the time that a stop may take.
    void stop_server() {
        server_->stop();
        auto const until = time_.now + 6s;
        go_on_until("the sessions end", [&] { return !server_->has_sessions(); });
        if (time_.now > until) wrong("the sessions do not end in time");
        go_on_until("all is stored", [&] { return server_->has_ended(); });
        server_->abandon();
        for (int i = 0; i < 20; ++i) act(any_client());
        server_->close_all();
        check_counters();
        server_.reset();
        start();
    }
    void kill_server() {
        server_.reset();
        start();
    }

    void check_counters() {
        auto const& now = *server_;
        std::size_t messages = 0;
        std::size_t chunks = 0;
        std::size_t bytes = 0;
        for (auto const& each : connections_) {
            bytes += each->link->read_bytes();
            each->for_each_read([&](auto const& message) {
                ++messages;
                chunks += message.chunk.empty() ? 0U : 1U;
                if (now.exceptions > 0 || store_.has_all(message)) return;
                wrong("what was read before the end is lost: " + message.records.front().substr(0, 60));
            });
        }
        auto const decoded = now.decoded();
        if (now.exceptions == 0) same("messages_total", messages);
        if (now.exceptions == 0) same("chunks_acked_total", chunks);
        same("chunks_acked_total", now.acks_sent);
        same("connections_total", admitted_);
        same("open_connections", 0);
        same("connections_unauthorized_total", now.rejections_sent);
        same("connections_evicted_total", now.closed_for("its slot is needed"));
        same("connections_timed_out_total", now.closed_for("-timeout)"));
        same("memory_stalls_total", now.memory_pauses);
        if (!has_login_) same("bytes_in_total", bytes);
        if (decoded.events != now.events_read) wrong("events that were decoded were not read");
        if (decoded.rejected_events != now.rejections_read) wrong("rejections that were decoded were not read");
    }
    void same(std::string_view counter, std::size_t expected) {
        auto const counted = server_->counted(counter);
        if (counted != static_cast<double>(expected))
            wrong(fmt::format("{} is {} instead of {}", counter, counted, expected));
    }

    /// Without faults all gets through; then nothing is there twice, and nothing that was acked is missing.
    std::string finish() {
        for (auto& each : clients_) each.stop_faults();
        faults_.memory = false;
        go_on_until("all is acked",
                    [&] { return std::ranges::all_of(clients_, [](auto const& each) { return each.is_done(); }); });
        if (wrong_.empty()) stop_server();
        for (auto const& message : messages_.all())
            for (auto const& record : message.records) {
                if (store_.count(record) > 1) wrong(record.substr(0, 60) + "… is there more than once");
                if (message.acked && store_.count(record) == 0) wrong(record.substr(0, 60) + "… was acked and is lost");
            }
        return wrong_;
    }

    void wrong(std::string const& what) {
        if (wrong_.empty()) wrong_ = what;
    }

    std::mt19937_64 random_;
    planted_faults const planted_;
    virtual_time time_;
    forward_messages messages_{random_};
    forward_store store_;
    forward::forward_source_options options_;
    server_faults faults_;
    bool has_login_ = false;
    std::optional<simulated_forward_server> server_;
    std::list<simulated_forward_client> clients_;
    std::vector<std::shared_ptr<client_connection>> connections_;  // to this server
    std::size_t admitted_ = 0;
    std::string wrong_;
};

constexpr std::size_t steps_a_seed = 5'000;

}  // namespace

TEST_CASE("whatever clients do, what the forward server has acked is in the sink once", "[sim]") {
    set_up_log({.level = log_level::off});
    if (auto const* only = std::getenv("LOGPIPE_SIM_SEED")) {
        CHECK(simulation{std::strtoull(only, nullptr, 10)}.run(steps_a_seed) == "");
        return;
    }
    for (std::uint64_t seed = 1; seed <= 100; ++seed) {
        INFO("LOGPIPE_SIM_SEED=" << seed << " runs this one alone");
        CHECK(simulation{seed}.run(steps_a_seed) == "");
    }
}

TEST_CASE("a seed is the same history of the forward server each time", "[sim]") {
    set_up_log({.level = log_level::off});
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
        simulation first{seed};
        simulation second{seed};
        CHECK(first.run(steps_a_seed) == second.run(steps_a_seed));
        CHECK(first.digest() == second.digest());
    }
}

TEST_CASE("the simulation finds acks before what they ack is safe, and bytes that the network drops", "[sim]") {
    set_up_log({.level = log_level::off});
    std::size_t early = 0;
    std::size_t dropped = 0;
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        early += simulation{seed, {.promises_early = true}}.run(steps_a_seed).empty() ? 0U : 1U;
        dropped += simulation{seed, {.drops_bytes = true}}.run(steps_a_seed).empty() ? 0U : 1U;
    }
    CHECK(early >= 15);
    CHECK(dropped >= 5);
}
