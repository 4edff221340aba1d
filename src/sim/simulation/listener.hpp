// The forward server of a process without threads and sockets: the real inbox, group and sessions, stepped in virtual
// time. It is the source of the process's first pump.
#pragma once

#include "course.hpp"
#include "inbox.hpp"
#include "session_group.hpp"
#include "session_stepper.hpp"
#include "world/simulated_link.hpp"

#include <functional>
#include <list>
#include <memory>
#include <vector>

namespace logpipe::sim {

class listener final {
  public:
    /// @param on_ack  with the chunk's name, as the ack leaves
    listener(course& of, environment world, chance& by, std::function<void(std::string_view)> on_ack);
    ~listener();
    listener(listener const&) = delete;
    listener& operator=(listener const&) = delete;

    /// @return none where it takes no more, or has no slot
    [[nodiscard]] std::shared_ptr<simulated_link> accept();
    void cut_connections();

    [[nodiscard]] steady_time due() const;
    void step();

    [[nodiscard]] bool is_full_beyond_bounds() const;
    [[nodiscard]] bool has_events() const { return inbox_.bytes() > 0; }

    // The source's.
    [[nodiscard]] result<> read(batch& into);
    void commit(std::uint64_t safe) { acks_posted_ = group_.safe_until(safe) || acks_posted_; }
    void stop();

  private:
    using kind = forward::session_wait::kind;

    struct session {
        std::shared_ptr<simulated_link> link;
        std::shared_ptr<forward::forward_peer> peer;
        forward::session_stepper steps;
        forward::session_wait wait{.what = kind::pause, .space = {}};
        steady_time pause_until;
        bool is_woken = false;
    };

    [[nodiscard]] static bool is_due(session const& one, steady_time now);
    void step(session& one);
    void wake();
    void on_send(std::string_view bytes) const;

    course& course_;
    chance& chance_;
    std::function<void(std::string_view)> const on_ack_;
    forward::forward_source_options options_;
    forward::forward_limits const limits_;
    forward::inbox inbox_;
    forward::session_group group_;
    std::list<session> sessions_;
    bool accepts_ = true;
    bool stops_ = false;
    bool acks_posted_ = false;
    bool room_posted_ = false;
    steady_time drain_ends_ = steady_time::max();
};

/// @param from  outlives it
[[nodiscard]] std::unique_ptr<source> make_listening_source(listener& from);

}  // namespace logpipe::sim
