// The typed columns of a document. Those that it does not have are NULL.
#pragma once

#include <simdjson.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace logpipe::store {

/// Views into the document, or into the reader's memory: good until its next read().
struct document_row {
    std::optional<std::int64_t> time_ms, response, bytes;
    std::optional<std::string_view> remote_ip, region, request, referrer, agent;
};

/// Reads documents one after the other without a copy; memory grows to the longest. One thread.
class row_reader final {
  public:
    /// Bytes that must be readable behind each document; what they hold does not matter.
    static constexpr std::size_t padding_bytes = simdjson::SIMDJSON_PADDING;

    /// @return false where the document is no JSON object; `row` is then empty. Values that are not asked for are not
    /// checked.
    [[nodiscard]] bool read(std::string_view document, document_row& row);

  private:
    [[nodiscard]] std::string_view key_of(simdjson::ondemand::field& field) const noexcept;
    [[nodiscard]] std::optional<std::string_view> text_of(simdjson::ondemand::value& value) const;
    [[nodiscard]] std::optional<std::int64_t> integer_of(simdjson::ondemand::value& value) const;
    // False where the JSON breaks off.
    [[nodiscard]] bool take_top(simdjson::ondemand::field& field, document_row& row) const;
    [[nodiscard]] bool take_event(simdjson::ondemand::value& value, document_row& row) const;
    [[nodiscard]] bool take_fields(simdjson::ondemand::value& value, document_row& row) const;

    simdjson::ondemand::parser parser_;
    bool has_escapes_ = false;
};

}  // namespace logpipe::store
