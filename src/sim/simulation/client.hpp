// A client of the forwarders: it cuts its bytes anywhere, and sends again, also to the other forwarder, what was not
// acked.
#pragma once

#include "course.hpp"
#include "msgpack_stream.hpp"
#include "world/simulated_link.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace logpipe::sim {

class client final {
  public:
    struct traits {
        bool wants_acks = true;
        std::chrono::microseconds pause_mean{0};  ///< between messages
    };
    using connect_function = std::function<std::shared_ptr<simulated_link>(std::size_t forwarder)>;

    /// @param connect  to one of the `forwarders`; none where it is away
    client(course& of, std::uint64_t seed, traits how, std::size_t forwarders, connect_function connect)
        : course_{of}, chance_{seed}, how_{how}, forwarders_{forwarders}, connect_{std::move(connect)} {
        next_message_at_ = course_.time.now + chance_.about(how_.pause_mean);
        forwarder_ = chance_.below(forwarders);
    }

    [[nodiscard]] steady_time due() const;
    void act();
    /// All that it wanted to say was said, and acked where it wants acks.
    [[nodiscard]] bool is_done() const noexcept { return to_send_.empty() && written_.empty(); }

  private:
    void make_messages();
    void connect();
    void disconnect();
    [[nodiscard]] bool read();
    void understand(std::string_view value);
    [[nodiscard]] bool can_write() const;
    void write();

    course& course_;
    chance chance_;
    traits const how_;
    std::size_t const forwarders_;
    connect_function const connect_;
    std::size_t forwarder_ = 0;
    std::shared_ptr<simulated_link> link_;
    forward::msgpack_stream responses_{1U << 16U};
    std::vector<sent_message*> to_send_;
    std::size_t next_ = 0;  // the first of them that was not begun over this connection
    std::string written_;   // what is left of the one before
    steady_time next_message_at_;
    steady_time act_at_;  // not sooner
    steady_time patience_until_;
};

}  // namespace logpipe::sim
