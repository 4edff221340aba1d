// An indexer: a member of Kafka's group → the store, with dead letters in a journal.
#pragma once

#include "broker.hpp"
#include "bulk_store.hpp"
#include "kafka_doubles.hpp"
#include "machine.hpp"

#include <memory>
#include <string>

namespace logpipe::sim {

class indexer final : public machine {
  public:
    /// @param from, to  outlive it
    indexer(course& of, broker& from, bulk_store& to, std::string name, std::uint32_t bit)
        : machine{of, std::move(name), bit}, broker_{from}, store_{to} {}
    ~indexer() override { destroy(); }
    indexer(indexer const&) = delete;
    indexer& operator=(indexer const&) = delete;

    void cut_off_until(steady_time until);

    [[nodiscard]] bool is_running() const override { return process_ != nullptr; }
    [[nodiscard]] std::string unrest() override;
    void check() override;
    void look_through_letters() override { look_through(process_->letters_topic); }
    void retry_letters();

  private:
    struct process {
        std::shared_ptr<journal::topic> letters_topic;
        std::unique_ptr<dead_letters> letters;
        kafka_member* member = nullptr;  // the pump's, as the sink
        bulk_sink* to = nullptr;
        std::unique_ptr<stepped_pump> index;
    };

    [[nodiscard]] bool start() override;
    void destroy() override { process_.reset(); }
    void stop_process() override { (*process_->index)->stop(); }
    [[nodiscard]] bool has_ended() override;
    [[nodiscard]] steady_time process_due() const override;
    void step_process() override;

    broker& broker_;
    bulk_store& store_;
    std::unique_ptr<process> process_;
};

}  // namespace logpipe::sim
