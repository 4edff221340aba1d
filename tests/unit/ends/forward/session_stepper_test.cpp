#include "session_stepper.hpp"

#include "core/log.hpp"
#include "support/catch.hpp"
#include "support/forward_ends.hpp"
#include "support/looking.hpp"
#include "support/short_memory.hpp"
#include "world/simulated_link.hpp"

#include <random>

using namespace logpipe;
using namespace logpipe::forward;
using namespace logpipe::sim;
using namespace logpipe::test;

namespace {

using kind = session_wait::kind;

class one_server final {
  public:
    explicit one_server(forward_source_options given = {}, std::size_t pending_bytes_max = 1U << 20U)
        : options{std::move(given)}, events{event_decoder{{}}, pending_bytes_max, memory, "forward events"} {}

    [[nodiscard]] std::size_t take() {
        batch taken;
        bool made_room = false;
        last = events.take(taken, steady_time{}, made_room);
        return taken.events.size();
    }
    [[nodiscard]] double counted(std::string_view name) const {
        stage_status status;
        group.describe(status);
        return gauge_of(status, name);
    }

    memory_budget memory;
    forward_source_options options;
    forward_limits limits;
    inbox events;
    inbox::taken last = inbox::taken::nothing;
    virtual_time time;
    std::mt19937_64 random;
    int wakes = 0;
    session_group group{options, limits, events, world(), [this] { ++wakes; }};

  private:
    environment world() {
        auto made = time.world(system_files(), random);
        made.memory = &memory;
        return made;
    }
};

/// One session, and its client.
struct one_client {
    explicit one_client(one_server& server) : link{std::make_shared<simulated_link>(server.time)} {
        peer->link = link;
        REQUIRE(server.group.admit(peer));
        steps.emplace(peer, server.group.context());
    }

    /// The bytes come in as far as the session reads. @return what it waits for then
    session_wait write(std::string_view bytes) {
        link->write(bytes);
        auto wait = steps->step();
        while (wait.what == kind::bytes && link->can_read()) {
            steps->received(link->read(wait.space));
            wait = steps->step();
        }
        return wait;
    }

    std::shared_ptr<simulated_link> link;
    std::shared_ptr<forward_peer> peer = std::make_shared<forward_peer>();
    std::optional<session_stepper> steps;
};

}  // namespace

TEST_CASE("a session reads, and acks what is safe", "[session_stepper]") {
    one_server server;
    one_client client{server};
    CHECK(client.write(single_message("t", 1, "c")).what == kind::bytes);
    CHECK(server.take() == 1);
    CHECK(client.link->unsent_bytes() == 0);
    CHECK(server.group.safe_until(1));
    server.group.send_due_acks();
    CHECK(client.link->take_sent() == ack_of("c"));
}

TEST_CASE("a client that ends between messages has left, one that ends within a message is broken",
          "[session_stepper]") {
    one_server server;
    one_client orderly{server};
    CHECK(orderly.write(single_message("t", 1)).what == kind::bytes);
    orderly.steps->ended({});
    CHECK(orderly.steps->step().what == kind::none);
    CHECK(orderly.link->close_reason() == "the peer left");
    CHECK(server.counted("connections_broken_total") == 0);

    one_client broken{server};
    CHECK(broken.write(single_message("t", 1).substr(0, 3)).what == kind::bytes);
    broken.steps->ended({});
    CHECK(broken.steps->step().what == kind::none);
    CHECK(broken.link->close_reason() == "the peer closed it within a message");
    CHECK(server.counted("connections_broken_total") == 1);
}

TEST_CASE("a client that has ended is waited for until it has its acks", "[session_stepper]") {
    one_server server;
    one_client client{server};
    CHECK(client.write(single_message("t", 1, "c")).what == kind::bytes);
    client.steps->ended({});
    CHECK(client.steps->step().what == kind::pause);
    [[maybe_unused]] auto const scheduled = server.group.safe_until(1);
    server.group.send_due_acks();
    CHECK(client.steps->step().what == kind::pause);
    CHECK(client.link->take_sent() == ack_of("c"));
    CHECK(client.steps->step().what == kind::none);
    CHECK(client.link->closed());
}

TEST_CASE("messages wait while the inbox is full, and go on when there is room", "[session_stepper]") {
    one_server server{{}, 1};
    one_client client{server};
    CHECK(client.write(single_message("t", 1) + single_message("t", 2)).what == kind::room);
    CHECK(client.steps->step().what == kind::room);
    CHECK(server.take() == 1);
    CHECK(client.steps->step().what == kind::room);
    CHECK(server.take() == 1);
    CHECK(client.steps->step().what == kind::bytes);
    CHECK(server.counted("messages_total") == 2);
}

TEST_CASE("a message that comes with the login is taken at once", "[session_stepper]") {
    one_server server{{.shared_key = "key"}};
    one_client client{server};
    CHECK(client.write({}).what == kind::bytes);
    auto const helo = read_helo(client.link->take_sent());
    REQUIRE(helo.has_value());
    auto const ping = make_ping("client", {.shared_key = "key", .nonce = helo->nonce, .salt = "s"}, {});
    CHECK(client.write(ping + single_message("t", 1)).what == kind::bytes);
    CHECK(server.take() == 1);
}

TEST_CASE("a client that has not logged in does not delay the end", "[session_stepper]") {
    one_server server{{.shared_key = "key"}};
    server.group.context().events.add_feeder();  // the acceptor
    one_client before{server};
    CHECK(before.write({}).what == kind::bytes);
    CHECK(server.group.stop());
    one_client after{server};
    server.group.context().events.feeder_left();
    CHECK(after.write({}).what == kind::bytes);
    for (auto* const client : {&before, &after}) {
        CHECK(client->link->deadline() <= server.time.now + session_group::quiet_max);
        client->steps->ended({});
        CHECK(client->steps->step().what == kind::none);
    }
    CHECK(server.take() == 0);
    CHECK(server.last == inbox::taken::closed_and_empty);
}

TEST_CASE("what has been read is taken in when the wait for room ends with the source", "[session_stepper]") {
    one_server server{{}, 1};
    one_client client{server};
    CHECK(client.write(single_message("t", 1) + single_message("t", 2)).what == kind::room);
    CHECK(server.group.stop());
    CHECK(client.steps->step().what == kind::room);
    server.time.now = server.group.context().events.drain_until();
    CHECK(client.steps->step().what == kind::none);
    CHECK(server.take() == 2);
    CHECK(server.take() == 0);
    CHECK(server.last == inbox::taken::closed_and_empty);
}

TEST_CASE("acks that memory is short for are sent later, each once", "[session_stepper]") {
    set_up_log({.level = log_level::warn});  // as in the program, before memory is short
    one_server server;
    one_client client{server};
    auto const id = std::string(30, 'c');
    CHECK(client.write(single_message("t", 1, id) + single_message("t", 2, id)).what == kind::bytes);
    CHECK(server.take() == 2);
    CHECK(server.group.safe_until(2));
    {
        short_memory const shortage{20};
        server.group.send_due_acks();
    }
    CHECK(client.link->unsent_bytes() == 0);
    server.group.context().events.tend();
    CHECK(client.link->take_sent() == ack_of(id) + ack_of(id));
    server.group.context().events.tend();
    CHECK(client.link->unsent_bytes() == 0);
}

TEST_CASE("while memory is short, one client goes on with its message, and the others when it is whole",
          "[session_stepper]") {
    one_server server;
    server.memory.set_limits({.held = 1, .largest = 1U << 20U});
    auto const message = single_message("t", 1, "c");
    one_client first{server};
    one_client second{server};
    CHECK(first.write(message.substr(0, 3)).what == kind::bytes);
    CHECK(second.write(message.substr(0, 3)).what == kind::pause);
    CHECK(server.memory.status().waits == 1);
    CHECK(second.steps->step().what == kind::pause);
    CHECK(server.memory.status().waits == 1);  // it still waits
    CHECK(first.write(message.substr(3)).what == kind::bytes);
    CHECK(second.write(message.substr(3)).what == kind::bytes);
    CHECK(server.take() == 2);
}

TEST_CASE("a client that is slow while others wait for its memory is closed, one that we do not read is not",
          "[session_stepper]") {
    one_server server{{}, 1};
    server.memory.set_limits({.held = 1, .largest = 1U << 20U});
    auto const message = single_message("t", 1, "c");
    one_client first{server};
    one_client second{server};
    CHECK(first.write(message + message.substr(0, 3)).what == kind::room);
    CHECK(second.write(message.substr(0, 3)).what == kind::bytes);
    server.time.now += std::chrono::seconds{10};
    CHECK(server.take() == 1);
    CHECK(first.steps->step().what == kind::pause);
    server.time.now += std::chrono::seconds{10};
    CHECK(first.steps->step().what == kind::pause);
    CHECK(second.link->closed());
    CHECK(second.link->close_reason() == "memory is short, and others wait while it sends slowly");
    CHECK(first.steps->step().what == kind::bytes);
}
