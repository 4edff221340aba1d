// msgpack to JSON text, token by token: no tree, no allocation per value.
//
//   nil, booleans, integers          the same
//   float 32, float 64               the shortest text of the same double ("1.0"); NaN and infinities as strings
//   str and bin                      a string; what is not UTF-8 is escaped losslessly (json_writer::string)
//   extensions                       {"ext_type":N,"base64":"…"}
//   a key that is not a string       the string of its JSON text: 1 becomes "1", nil "null"
//
// Order and repeated keys stay as they came.
#pragma once

#include "json_writer.hpp"
#include "known_keys.hpp"
#include "msgpack_reader.hpp"

#include <cstdint>

namespace logpipe::forward {

enum class transcode_problem : std::uint8_t {
    none,
    broken,    ///< the bytes are not msgpack, or end too early
    too_deep,  ///< more arrays and maps in one another than is allowed
    bad_key,   ///< an array, a map or an extension as a map's key
};

[[nodiscard]] std::string_view describe(transcode_problem problem) noexcept;

class msgpack_to_json final {
  public:
    /// @param keys  kept from record to record
    msgpack_to_json(msgpack_reader& from, json_writer& to, known_keys& keys) noexcept
        : from_{from}, to_{to}, keys_{keys} {}

    /// One value. After a problem the positions in both are undefined.
    [[nodiscard]] transcode_problem value(std::uint32_t nesting_max);
    /// Strings that were no UTF-8, since construction.
    [[nodiscard]] std::uint64_t escaped_strings() const noexcept { return escaped_strings_; }
    /// A key was that of a part of a line, at whatever depth.
    [[nodiscard]] bool has_part_key() const noexcept { return has_part_key_; }

  private:
    transcode_problem key(std::uint64_t index);
    transcode_problem key_text();
    transcode_problem array(std::uint64_t count, std::uint32_t nesting_max);
    transcode_problem map(std::uint64_t count, std::uint32_t nesting_max);
    void scalar(msgpack_token const& token);

    msgpack_reader& from_;
    json_writer& to_;
    known_keys& keys_;
    std::uint64_t escaped_strings_ = 0;
    bool has_part_key_ = false;
};

}  // namespace logpipe::forward
