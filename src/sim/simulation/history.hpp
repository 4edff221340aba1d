// One history: who takes part, what is due next, and the faults as they come.
#pragma once

#include "broker.hpp"
#include "bulk_store.hpp"
#include "client.hpp"
#include "course.hpp"
#include "forwarder.hpp"
#include "indexer.hpp"

#include <array>
#include <memory>
#include <vector>

namespace logpipe::sim {

class history final {
  public:
    history(history_options const& options, fault_list const& faults);

    [[nodiscard]] outcome run();

  private:
    template <class Condition>
    void go_on_until(steady_time until, Condition const& is_done);
    void step_one();
    [[nodiscard]] steady_time due() const;
    void strike(fault const& what);
    void strike_machine(fault const& what, chance& by);
    void strike_others(fault const& what, chance& by);
    void finish();
    [[nodiscard]] bool is_quiet();
    void check();
    void check_all();

    history_options const options_;
    fault_list const& faults_;
    course course_;
    chance chance_;
    broker broker_;
    bulk_store store_;
    std::vector<std::unique_ptr<forwarder>> forwarders_;
    std::vector<std::unique_ptr<indexer>> indexers_;
    std::vector<machine*> machines_;
    std::vector<std::unique_ptr<client>> clients_;
    std::size_t next_fault_ = 0;
    std::uint64_t steps_ = 0;
};

}  // namespace logpipe::sim
