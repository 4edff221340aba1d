// Tells a target that is not ready from documents that are wrong. While the target is at fault nothing is sent but
// one document from time to time, and nothing becomes a dead letter. No I/O.
#pragma once

#include "bulk_outcome.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace logpipe::opensearch {

/// It opens for one of three reasons: the server says that the target is not ready; every document fails with an error
/// that is not about the document; most of the newest documents were rejected. Its owner closes it. One thread.
class target_breaker final {
  public:
    /// So many documents that fail with nothing going in between are not a coincidence.
    static constexpr std::size_t documents_min = 5;

    /// @param window  how many of the newest documents are counted
    /// @param rejects_min  of them; 0: however many are rejected, it does not open for that
    target_breaker(std::size_t window, std::size_t rejects_min) : newest_(window, false), rejects_min_{rejects_min} {}

    /// What is known of a request's documents from when they were sent before.
    enum class history : std::uint8_t {
        none,
        left_over,    ///< others of it was stored
        had_it_open,  ///< the breaker opened for it, and was closed since
    };

    /// What the server said of a request's documents. Opens where they cannot be at fault.
    void note(bulk_outcome const& response, history of_request);
    /// The target accepts documents.
    void proved() noexcept;
    /// A document was stored, or has become a dead letter with this reason.
    void was_stored() noexcept { count(false); }
    void was_rejected(std::string_view reason);
    /// A request was rejected as a whole.
    void request_rejected(std::string_view reason) { open(reason); }
    void close();

    [[nodiscard]] bool is_open() const noexcept { return !reason_.empty(); }
    /// Reason and hint, one line for people; empty while closed.
    [[nodiscard]] std::string const& reason() const noexcept { return reason_; }
    /// Documents are rejected for what is in them; for nothing else, it is open.
    [[nodiscard]] bool is_open_for_rejects() const noexcept { return is_open() && for_rejects_; }
    /// Grows with each response that shows that the target accepts documents.
    [[nodiscard]] std::uint64_t proofs() const noexcept { return proofs_; }

  private:
    void open(std::string_view reason);
    void count(bool rejected) noexcept;

    std::string reason_;
    bool for_rejects_ = false;
    std::uint64_t proofs_ = 0;
    std::string failing_;            // the reason of those that fail in a row…
    std::size_t failing_count_ = 0;  // …and how many they are
    std::vector<bool> newest_;       // a ring; true: rejected
    std::size_t const rejects_min_;
    std::size_t next_ = 0;
    std::size_t counted_ = 0;
    std::size_t rejects_ = 0;
};

/// Whether a response shows that the target accepts documents: one was stored, or was rejected for what is in it.
[[nodiscard]] bool is_proof(bulk_outcome const& response) noexcept;

}  // namespace logpipe::opensearch
