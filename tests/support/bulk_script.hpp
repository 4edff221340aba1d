// An OpenSearch that does what a test says, over connections that stay open: for faults that the real one cannot be
// made to show.
#pragma once

#include "support/listening.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace logpipe::test {

struct bulk_ask {
    std::string head;  ///< the request line and the fields
    std::string body;  ///< inflated
    std::size_t wire_bytes = 0;
    std::vector<std::pair<std::string, std::string>> documents;  ///< id, text
    std::size_t number = 0;                                      ///< of the requests to `_bulk`, from 0
    std::size_t connection = 0;

    [[nodiscard]] bool is_bulk() const { return head.contains("/_bulk"); }
};

struct bulk_reply {
    enum class manner : std::uint8_t { whole, cut_short, reset, silent };

    std::string status = "200 OK";
    std::string body;
    manner how =
        manner::whole;        ///< cut_short: half of the body, then closed. reset: no byte, RST. silent: until the end
    bool then_close = false;  ///< without having said so
};

class bulk_script final {
  public:
    /// @param answer  to requests to `_bulk`, from a thread a connection. Others get 404; PUT, `GET /` and
    /// `_simulate_index` an empty object.
    explicit bulk_script(std::function<bulk_reply(bulk_ask const&)> answer, certificate_files const& tls = {});
    ~bulk_script();
    bulk_script(bulk_script const&) = delete;
    bulk_script& operator=(bulk_script const&) = delete;

    [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(listener_.port); }
    /// All of them, `_bulk` or not.
    [[nodiscard]] std::vector<bulk_ask> asks() const;
    [[nodiscard]] std::size_t connections() const;

  private:
    class peer;
    void accept_all();
    void serve(std::size_t connection, int fd);
    [[nodiscard]] bulk_reply answer_to(bulk_ask& ask);

    std::function<bulk_reply(bulk_ask const&)> const answer_;
    ssl_ctx_st* const tls_;
    loopback_listener const listener_;
    mutable std::mutex mutex_;  // guards all below
    bool ended_ = false;
    std::vector<bulk_ask> asks_;
    std::size_t bulk_asks_ = 0;
    std::vector<int> sockets_;
    std::vector<std::jthread> workers_;
    std::jthread acceptor_;  // last: it uses all of the above
};

/// What an index holds, and the items of an answer as OpenSearch would give them through the filter.
class script_index final {
  public:
    struct item_answer {
        unsigned status = 201;
        std::string type;
        std::string reason;
    };
    /// Creates what is not there yet. @param instead  for a document that fares otherwise: its answer.
    [[nodiscard]] bulk_reply create(bulk_ask const& ask,
                                    std::function<item_answer(std::string_view document)> const& instead = {});
    /// id, text
    [[nodiscard]] std::map<std::string, std::string> documents() const;

  private:
    mutable std::mutex mutex_;  // guards documents_
    std::map<std::string, std::string> documents_;
};

}  // namespace logpipe::test
