// What a finished document goes through before it is one: rules that leave it out, and redactions.
#pragma once

#include "formats/normalize.hpp"
#include "logpipe/stage_status.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace logpipe::formats {

/// One thread, but for add_metrics().
class document_policy final {
  public:
    /// @param keys  of the redactions that hash, by their index in `table`
    document_policy(mapping const& table, std::vector<std::string> keys);

    [[nodiscard]] bool is_needed() const noexcept { return !rules_.empty() || !redactions_.empty(); }
    [[nodiscard]] bool redacts() const noexcept { return !redactions_.empty(); }
    /// @return false where a rule drops it
    [[nodiscard]] bool keeps(event_id id, std::string_view document);
    /// The document from `begin` to the end of `documents`.
    void redact(std::string& documents, std::size_t begin);

    void add_metrics(std::vector<metric_value>& to) const;

  private:
    [[nodiscard]] redaction const* find(std::string_view path, bool is_object) const;
    void copy_members(std::string_view object, std::string const& path, std::string& out);
    void write_redacted(redaction const& how, std::string_view value, std::string& out);

    std::vector<drop_rule> rules_;
    std::vector<std::atomic<std::uint64_t>> dropped_;  ///< by rule
    std::vector<redaction> redactions_;
    std::vector<std::string> keys_;
    std::string redacted_;  ///< the document at hand
    std::string text_;      ///< the value at hand
};

/// Where a document may have the field, the best first: `field` is the name or path of one of the document's fields, or
/// a key of the line.
[[nodiscard]] std::vector<std::string> places_of(std::string const& field, document_mapping const& all);
/// Every name under which a value of the field may be in a document, at any depth.
[[nodiscard]] std::vector<std::string> names_of(std::string const& field, document_mapping const& all);

/// "192.0.2.7" → "192.0.2.0", "2001:db8:1:2::3" → "2001:db8:1::"; any other text → "***".
[[nodiscard]] std::string masked(std::string_view text);
/// The first 16 bytes of HMAC-SHA256, in hex.
[[nodiscard]] std::string keyed_hash(std::string_view key, std::string_view text);

}  // namespace logpipe::formats
