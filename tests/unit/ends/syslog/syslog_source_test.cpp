#include "syslog/syslog.hpp"

#include "support/catch.hpp"
#include "support/certificates.hpp"
#include "support/given_options.hpp"
#include "support/looking.hpp"
#include "support/raw_client.hpp"
#include "support/scratch_folder.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <set>
#include <thread>

using namespace logpipe;
using namespace logpipe::syslog;
using namespace logpipe::test;
using namespace std::chrono_literals;

namespace {

using messages = std::vector<std::string>;

struct listening {
    explicit listening(syslog_source_options options = {}) {
        options.listen = "127.0.0.1:0";
        options.listening = [this](std::uint16_t stream, std::uint16_t datagrams) {
            tcp = stream;
            udp = datagrams;
        };
        from = make_syslog_source(std::move(options));
        REQUIRE(from->open());
    }

    /// Reads until there are `count` messages, or the source has ended.
    messages read(std::size_t count) {
        messages got;
        batch into;
        auto const until = std::chrono::steady_clock::now() + 60s;
        while (got.size() < count && std::chrono::steady_clock::now() < until) {
            into.clear();
            if (auto const more = from->read(into, std::chrono::steady_clock::now() + 50ms); !more) {
                CHECK(more.error().code == errc::end_of_input);
                break;
            }
            for (auto const& row : into.events) {
                CHECK(row.offset == next_offset++);
                CHECK(ids.insert(row.id).second);
                CHECK(row.id);
                CHECK(row.time_ns > 0);
                got.emplace_back(into.record(row));
                tags.insert(into.tags[row.tag]);
            }
            for (auto const& each : into.rejections) rejected.push_back(each.reason);
            if (!into.empty()) CHECK(into.end_offset == next_offset);
        }
        return got;
    }
    [[nodiscard]] double metric(std::string_view name) const { return gauge_of(from->status(), name); }

    std::unique_ptr<source> from;
    std::uint16_t tcp = 0;
    std::uint16_t udp = 0;
    std::uint64_t next_offset = 0;
    std::set<event_id> ids;
    std::set<std::string> tags;
    messages rejected;
};

/// One datagram after the other from one port.
struct udp_client {
    explicit udp_client(std::uint16_t port) {
        ::sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_port = htons(port);
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        REQUIRE(::connect(socket, reinterpret_cast<::sockaddr const*>(&to), sizeof to) == 0);
    }
    udp_client(udp_client const&) = delete;
    udp_client& operator=(udp_client const&) = delete;
    ~udp_client() { ::close(socket); }
    void send(std::string_view message) const {
        REQUIRE(::send(socket, message.data(), message.size(), 0) == static_cast<ssize_t>(message.size()));
    }

    int socket = ::socket(AF_INET, SOCK_DGRAM, 0);
};

}  // namespace

TEST_CASE("messages come by UDP and by TCP, framed either way, as they were sent", "[syslog]") {
    listening to{{.lines = {.tag = "edge.nginx"}}};
    udp_client const datagrams{to.udp};
    datagrams.send("<190>Nov 29 10:00:01 web1 nginx: one");
    datagrams.send("<13>with a line end\n");
    CHECK(to.read(2) == messages{"<190>Nov 29 10:00:01 web1 nginx: one", "<13>with a line end"});
    raw_client stream{to.tcp};
    stream.send("<13>1 - - - - - - two\n9 <13>a\nb\nc<13>thr");
    CHECK(to.read(2) == messages{"<13>1 - - - - - - two", "<13>a\nb\nc"});
    stream.send("ee");
    stream.end_sending();
    CHECK(to.read(1) == messages{"<13>three"});
    CHECK(comes_true([&] { return to.metric("syslog_open_connections") == 0; }));
    CHECK(to.metric("syslog_messages_total") == 5);
    CHECK(to.metric("syslog_datagrams_total") == 2);
    CHECK(to.metric("syslog_connections_total") == 1);
    CHECK(to.tags == std::set<std::string>{"edge.nginx"});
}

TEST_CASE("one transport alone is one port alone", "[syslog]") {
    listening const datagrams{{.over = transport::udp}};
    CHECK(datagrams.tcp == 0);
    CHECK(datagrams.udp != 0);
    listening const stream{{.over = transport::tcp}};
    CHECK(stream.tcp != 0);
    CHECK(stream.udp == 0);
}

TEST_CASE("what is too long or cut off by the connection's end is a dead letter and counted", "[syslog]") {
    listening to{{.lines = {.line_bytes_max = 10}}};
    udp_client const datagrams{to.udp};
    datagrams.send("<13>" + std::string(100, 'x'));
    CHECK(to.read(1) == messages{"<13>xxxxxx"});
    datagrams.send("\n");
    raw_client stream{to.tcp};
    stream.send("\n<13>" + std::string(100, 'y') + "\n20 <13>abc");
    stream.end_sending();
    CHECK(to.read(2) == messages{"<13>yyyyyy", "<13>abc"});
    CHECK(to.rejected == messages{"message over 10 bytes", "message over 10 bytes",
                                  "the connection ended 13 bytes before the end of the message"});
    CHECK(to.metric("syslog_messages_cut_total") == 2);
    CHECK(to.metric("syslog_messages_incomplete_total") == 1);
    CHECK(comes_true([&] { return to.metric("syslog_messages_empty_total") == 2; }));
}

TEST_CASE("a TCP client waits while nobody reads what it has sent, and nothing is lost", "[syslog]") {
    listening to{{.pending_bytes_max = 64 << 10U}};
    raw_client stream{to.tcp};
    std::string const line = "<13>" + std::string(1019, 'x') + "\n";
    auto const sent = stream.send_until_full(line);
    CHECK(to.metric("syslog_pending_bytes") < 1 << 20U);
    stream.end_sending();
    CHECK(to.read((sent + line.size() - 1) / line.size()).size() == (sent + line.size() - 1) / line.size());
}

TEST_CASE("what the kernel drops of datagrams that nobody takes is counted", "[syslog]") {
    listening to{{.receive_buffer_bytes = 8192, .pending_bytes_max = 4096}};
    udp_client const datagrams{to.udp};
    int sent = 0;
    CHECK(comes_true([&] {
        for (int i = 0; i < 100; ++i) datagrams.send("<13>" + std::string(500, 'x'));
        sent += 100;
        return to.metric("syslog_datagrams_dropped_total") > 0;
    }));
    to.from->stop();
    auto const got = to.read(static_cast<std::size_t>(sent) + 1);
    CHECK(static_cast<double>(got.size()) + to.metric("syslog_datagrams_dropped_total") == sent);
    CHECK(to.metric("syslog_receive_buffer_bytes") >= 8192);
}

TEST_CASE("a stop gives what was sent before it, and ends", "[syslog]") {
    listening to;
    udp_client const datagrams{to.udp};
    raw_client stream{to.tcp};
    stream.send("<13>a\n<13>b");
    CHECK(to.read(1) == messages{"<13>a"});
    datagrams.send("<13>c");
    to.from->stop();
    auto const rest = to.read(3);
    CHECK(std::set<std::string>(rest.begin(), rest.end()) == std::set<std::string>{"<13>b", "<13>c"});
    batch none;
    auto const ended = to.from->read(none, std::chrono::steady_clock::now() + 10s);
    REQUIRE(ended.has_error());
    CHECK(ended.error().code == errc::end_of_input);
    CHECK(stream.is_closed_by_peer());
}

TEST_CASE("above the bound of clients further ones wait, and a silent one makes room where that is wanted",
          "[syslog]") {
    listening to{{.connections_max = 1, .idle_time = 300ms}};
    raw_client const silent{to.tcp};
    raw_client next{to.tcp};
    next.send("<13>line\n");
    CHECK(to.read(1) == messages{"<13>line"});
    CHECK(to.metric("syslog_connections_idle_total") >= 1);
}

TEST_CASE("a port that is taken is busy, for either transport, and can be had later", "[syslog]") {
    std::unique_ptr<source> second;
    {
        listening const first{{.over = GENERATE(transport::udp, transport::tcp)}};
        second = make_syslog_source({.listen = "127.0.0.1:" + std::to_string(std::max(first.tcp, first.udp))});
        auto const opened = second->open();
        REQUIRE(opened.has_error());
        CHECK(opened.error().code == errc::busy);
        CHECK_FALSE(second->status().up);
    }
    // The other transport's port of that number may be somebody else's for a while.
    CHECK(comes_true([&] { return second->open().has_value(); }));
    CHECK(second->status().up);
}

TEST_CASE("a client without TLS is refused and counted", "[syslog]") {
    scratch_folder const folder;
    certificate_authority const authority{"test"};
    auto const files = authority.issue(folder.path("server"), "DNS:localhost,IP:127.0.0.1");
    listening to{{.tls = true, .certificate_file = files.certificate, .key_file = files.key}};
    CHECK(to.udp == 0);
    raw_client plain{to.tcp};
    plain.send("<13>not over TLS, and longer than a record's head\n");
    CHECK(plain.is_closed_by_peer());
    CHECK(comes_true([&] { return to.metric("syslog_handshakes_failed_total") == 1; }));
}

TEST_CASE("a URI of syslog is checked before anything starts", "[syslog]") {
    auto const made = [](std::string const& uri, given_texts const& given = {}) {
        given_options const values{syslog_end.source_options, given};
        return syslog_end.make_source(request_of(uri, values));
    };
    CHECK(made("syslog://0.0.0.0:5514"));
    CHECK(made("syslog://:5514"));
    CHECK(made("syslog://0.0.0.0").error().message.ends_with("write it as syslog://HOST:PORT"));
    CHECK_THAT(made("syslogs://0.0.0.0:6514").error().message, ContainsSubstring("TLS needs --certificate-file"));
    given_texts const files{{"certificate-file", {"/c.pem"}}, {"key-file", {"/k.pem"}}};
    CHECK(made("syslogs://0.0.0.0:6514", files));
    CHECK_THAT(made("syslog://0.0.0.0:5514", files).error().message, ContainsSubstring("without TLS"));
    auto udp = files;
    udp["syslog-transport"] = {"udp"};
    CHECK_THAT(made("syslogs://0.0.0.0:6514", udp).error().message, ContainsSubstring("TLS is over TCP"));
}
