// The OpenSearch that the tests were given, and an index of each test's own in it.
#pragma once

#include "formats/normalize.hpp"
#include "opensearch/opensearch.hpp"

#include "server_requests.hpp"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <chrono>
#include <cstdlib>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>

namespace logpipe::test {

using namespace std::chrono_literals;

/// From LOGPIPE_OPENSEARCH; without it the tests fail.
inline opensearch::opensearch_connection real_server() {
    auto const* const address = std::getenv("LOGPIPE_OPENSEARCH");
    if (address == nullptr) throw std::runtime_error{"LOGPIPE_OPENSEARCH names no server"};
    return {.address = address};
}

inline net::http_client client_of_real_server() {
    auto targets = opensearch::make_targets(real_server()).value();
    return net::http_client{std::move(targets.front())};
}

/// A name that nobody has; what has it is removed at the end, with its template.
class real_index {
  public:
    real_index() : name_{fmt::format("logs-{:08x}", std::random_device{}())} {}
    ~real_index() {
        // What is not there cannot be removed, which is as good.
        static_cast<void>(client_.send({.method = "DELETE", .path = "/" + name_, .body = {}}));
        static_cast<void>(client_.send({.method = "DELETE", .path = "/_index_template/logpipe-" + name_, .body = {}}));
    }
    real_index(real_index const&) = delete;
    real_index& operator=(real_index const&) = delete;

    [[nodiscard]] std::string const& name() const noexcept { return name_; }
    /// Below the index ("/_settings"); throws unless it succeeds.
    boost::json::value ask(std::string_view method, std::string_view below, std::string_view body = {}) {
        auto const path = "/" + name_ + std::string{below};
        return boost::json::parse(
            opensearch::fetch_body(client_, {.method = method, .path = path, .body = body}).value());
    }
    /// The answer to a search after a refresh.
    boost::json::value search(std::string_view query) {
        ask("POST", "/_refresh");
        return ask("POST", "/_search", query);
    }
    void block_writes(bool blocked) {
        ask("PUT", "/_settings", fmt::format(R"({{"index.blocks.write":{}}})", blocked));
    }
    [[nodiscard]] opensearch::opensearch_sink_options options() const {
        return {.connection = real_server(),
                .index = name_,
                .documents = formats::nginx_mapping().documents,
                .retry_first = 10ms,
                .retry_longest = 100ms,
                .probe_longest = 50ms};
    }

  private:
    std::string name_;
    net::http_client client_ = client_of_real_server();
};

}  // namespace logpipe::test
