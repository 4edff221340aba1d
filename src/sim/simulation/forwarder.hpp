// A forwarder: clients → journal → Kafka, with dead letters in a second journal.
#pragma once

#include "broker.hpp"
#include "kafka_doubles.hpp"
#include "listener.hpp"
#include "machine.hpp"

#include <memory>
#include <optional>
#include <string>

namespace logpipe::sim {

class forwarder final : public machine {
  public:
    /// @param to  outlives it
    forwarder(course& of, broker& to, std::string name, std::uint32_t bit)
        : machine{of, std::move(name), bit}, broker_{to} {}
    ~forwarder() override { destroy(); }
    forwarder(forwarder const&) = delete;
    forwarder& operator=(forwarder const&) = delete;

    /// @return none where it is not there
    [[nodiscard]] std::shared_ptr<simulated_link> accept();
    void cut_connections();
    /// A power cut that takes what was synced as well: the end of the newest segment.
    void lose_tail();

    [[nodiscard]] bool is_running() const override { return process_ != nullptr; }
    [[nodiscard]] std::string unrest() override;
    void check() override;
    void look_through_letters() override { look_through(process_->letters_topic); }

  private:
    struct process {
        std::shared_ptr<journal::topic> topic;
        std::shared_ptr<journal::topic> letters_topic;
        std::unique_ptr<dead_letters> letters;
        std::unique_ptr<listener> clients;
        std::unique_ptr<stepped_pump> receive;
        kafka_producer* producer = nullptr;  // the pump's
        std::unique_ptr<stepped_pump> send;
        bool is_send_stopped = false;
    };

    [[nodiscard]] bool start() override;
    void destroy() override;
    void stop_process() override;
    [[nodiscard]] bool has_ended() override;
    [[nodiscard]] steady_time process_due() const override;
    void step_process() override;
    void on_ack(std::string_view chunk);
    void check_cursor();

    broker& broker_;
    std::unique_ptr<process> process_;
    bool may_have_gaps_ = false;
    std::uint64_t cursor_offset_ = 0;  // at the last start
};

}  // namespace logpipe::sim
