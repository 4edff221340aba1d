// What rolling indices need beside their documents: the next one made ahead, and those that have expired deleted.
#pragma once

#include "index_pattern.hpp"

#include "net/http_client.hpp"
#include "opensearch/opensearch.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace logpipe::opensearch {

struct index_tending_options {
    /// The servers as they are reached now. The thread's.
    std::function<result<std::vector<net::http_target>>()> targets;
    index_pattern pattern;
    std::vector<std::string> tags;  ///< as in the names of indices; one empty text where the pattern has no tag
    std::int64_t age_max_ns = 0;    ///< 0: none expires
};

/// Its thread is `os-tend`. Any number of them may tend the same indices.
class index_tending final {
  public:
    /// @param first  one of the targets
    index_tending(net::http_target first, index_tending_options options);
    ~index_tending();

    [[nodiscard]] std::uint64_t deleted_indices() const noexcept { return deleted_; }

  private:
    void run();
    [[nodiscard]] result<> tend();
    [[nodiscard]] result<> make_next();
    [[nodiscard]] result<> delete_expired();

    index_tending_options const options_;
    net::http_client client_;
    std::set<std::string> made_;  // its thread's, as whether the last time failed
    bool failed_ = false;
    std::atomic<std::uint64_t> deleted_{0};
    std::atomic<bool> stopped_{false};
    std::jthread thread_;  // last: it uses all of the above
};

}  // namespace logpipe::opensearch
