// HTTP that a process serves about itself, and the web app's endpoint that starts a produce run.
#pragma once

#include "logpipe/result.hpp"
#include "logpipe/status.hpp"
#include "logpipe/tap.hpp"
#include "web/page.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace logpipe::web {

struct produce_request {
    std::string demo;              ///< "lines=1000&rate=0&seed=1": generated lines; empty: the process's own source
    std::uint64_t demo_lines = 0;  ///< how many those are
};
struct produce_response {
    int status = 200;  ///< or, with the reason as message, 400, 409 (it was stopped), 413 (above its bound) or 502
    std::string message;
    std::uint64_t events = 0;  ///< that are safe, also where it failed
};

/// Limits on clients; docs/internals/web.md.
struct web_limits {
    std::uint32_t header_bytes_max = 8U << 10U;  ///< 431 above
    std::uint64_t body_bytes_max = 64U << 10U;   ///< 413 above
    /// Above it the connection that has been idle longest is closed; where none is idle, a new one gets
    /// `/healthz`, `/readyz` and `/metrics` only, and above `health_connections_max` of those it gets 503.
    std::size_t connections_max = 256;
    std::size_t health_connections_max = 8;
    std::size_t requests_max = 1000;                 ///< of one connection, which is then closed
    std::size_t taps_max = 16;                       ///< at a time; 503 above
    std::chrono::milliseconds request_time{10'000};  ///< to send a request, and the same to receive the response
    std::chrono::milliseconds idle_time{60'000};     ///< between two requests of a connection
};

/// Whether a GET starts a produce run, as a link in a browser does; a POST always may.
enum class run_by_get : std::uint8_t {
    no,
    on_loopback,  ///< where a browser says which site sends it
    yes,
};

struct web_options {
    std::string listen = "127.0.0.1:0";          ///< HOST:PORT; without HOST all addresses, port 0 takes a free one
    std::function<process_snapshot()> snapshot;  ///< called from the server's thread; does not wait for anything
    /// Runs one produce to its end; called from a separate thread, never two at once. It continues when the
    /// client leaves. Empty: no such page.
    std::function<produce_response(produce_request const&)> produce;
    /// Has the run in progress end in order; called from the server's thread, does not wait. @return false: none is in
    /// progress
    std::function<bool()> stop_produce;
    run_by_get produce_by_get = run_by_get::on_loopback;
    std::optional<page_options> page;  ///< none: no page, as of an admin server
    /// Host names that it accepts, besides numeric addresses, names without dots, the listening one and the machine's;
    /// all others are 421, for they may be another site's (DNS rebinding).
    std::vector<std::string> host_names;
    /// Requests for anything but `/healthz` and the page's own files must show it. Empty: none is needed.
    std::string token;
    std::string token_file;        ///< its file, reloaded on SIGHUP; empty: none
    std::string certificate_file;  ///< TLS: the server's certificate chain (PEM), reloaded on SIGHUP; empty: plain HTTP
    std::string key_file;          ///< its private key (PEM)
    /// Opens a tap after a stage; called from the server's thread. @return errc::not_found, with the stages that there
    /// are. Empty: no such page.
    std::function<result<std::unique_ptr<tap_reader>>(std::string const& stage, std::uint64_t sample)> tap;
    web_limits limits = {};
};

/// `/metrics`, `/healthz`, `/readyz`, `/api/status`, where `produce` is set GET and POST `/produceEventsToPipeline`,
/// and where `page` is set the page and its API. Serves from start to destruction, on separate threads. Destruction
/// closes all connections at once, then waits for a produce that runs: make that callback end first.
class web_server {
  public:
    virtual ~web_server() = default;
    [[nodiscard]] virtual std::uint16_t port() const = 0;
};

/// @return errc::busy where another one listens there, else errc::invalid_argument, also for a page that other machines
/// reach without a token and without `page_options::open`; both name the address.
[[nodiscard]] result<std::unique_ptr<web_server>> start_web_server(web_options options);

/// Access to another process.
struct peer_access {
    std::string token;    ///< of its --auth-token-file; empty: none is shown
    std::string ca_file;  ///< of https; empty: the system's
    bool insecure_skip_verify = false;
};

/// GET of another logpipe process's `/api/status`, of at most 4 MiB.
/// @param address  HOST:PORT; without HOST this machine; https://HOST:PORT by TLS
/// @return errc::not_connected, timed_out, unauthorized when it requires another token, or protocol when what responds
/// is not logpipe; all name the address.
[[nodiscard]] result<process_snapshot> fetch_status(std::string const& address, std::chrono::milliseconds timeout,
                                                    peer_access const& access = {});

struct page_request {
    std::string url;                           ///< http://HOST[:PORT]/PATH or https://…
    std::chrono::milliseconds timeout{2'000};  ///< for everything, but for the system's look-up of a name
    std::string ca_file;                       ///< of https; empty: the system's
    bool insecure_skip_verify = false;
    std::string token;  ///< shown as `Authorization: Bearer …`; empty: none
};
struct fetched_page {
    unsigned status = 0;
    std::string body;  ///< of at most 4 MiB
};
/// GET, whatever the response; redirects are not followed.
/// @return errc::invalid_argument, not_connected, timed_out, or protocol; all name the URL.
[[nodiscard]] result<fetched_page> fetch_page(page_request const& request);

struct tap_target {
    std::string address;  ///< as of fetch_status()
    std::string query;    ///< as in docs/reference/http-api.yaml
    peer_access access;
};
/// `/api/tap` of another process, line by line, until `each` returns false, `over` (called ten times a second) says so,
/// or the process ends: then errc::end_of_input.
/// @return errc::not_connected, not_found with the stages that there are, unauthorized when it requires another token,
/// or protocol; all name the address.
[[nodiscard]] result<> follow_tap(tap_target const& where, std::function<bool(std::string_view)> each,
                                  std::function<bool()> over);

}  // namespace logpipe::web
