// What every function that the world can make fail returns: a value, or an error with a code to act
// on and words to read.
#pragma once

#include <boost/system/result.hpp>

#include <iosfwd>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace logpipe {

/// What a caller can do about a failure. The code decides; the message is for people.
enum class errc {
    invalid_argument,  ///< a flag, URI, key or value that can never work: tell the user, exit 2
    end_of_input,      ///< the source has given all it will ever give: leave in order
    not_connected,     ///< the peer is away or cut the line: open again with back-off
    timed_out,         ///< the peer is there but silent: open again with back-off
    unauthorized,      ///< the peer refused who we are: hold, tell, try again slowly
    protocol,          ///< the peer's bytes break the protocol
    rejected,          ///< this very thing will never be accepted: dead letter
    too_large,         ///< over a documented limit
    corrupt,           ///< bytes on disk are not what was written: cut or skip, count, say so
    storage_failed,    ///< the disk failed: hold, tell, try again
    storage_full,      ///< no space, or a configured limit is reached: hold until there is room
    busy,              ///< another process or request holds it
    not_found,         ///< no such file, topic, page or name
    cancelled,         ///< asked to stop
};

/// The code's name as it stands above, for logs and JSON.
[[nodiscard]] std::string_view name_of(errc code) noexcept;
/// What an operator can do about a stage that is down for it, for people; may be empty.
[[nodiscard]] std::string_view hint_of(errc code) noexcept;

struct error {
    errc code;
    std::string message;

    friend bool operator==(error const&, error const&) = default;
};

std::ostream& operator<<(std::ostream& out, error const& what);

/// What `result::value()` throws when there is none; asking for it unchecked is a bug.
[[noreturn]] void throw_exception_from_error(error const& what, boost::source_location const& where);

template <class T = void>
using result = boost::system::result<T, error>;

/// The error with words put in front: `return in_context("journal", written.error());`.
[[nodiscard]] error in_context(std::string_view where, error const& what);

}  // namespace logpipe
