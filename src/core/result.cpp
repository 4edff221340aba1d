#include "logpipe/result.hpp"

#include <fmt/format.h>

#include <ostream>

namespace logpipe {

std::string_view name_of(errc code) noexcept {
    switch (code) {
        case errc::invalid_argument:
            return "invalid_argument";
        case errc::end_of_input:
            return "end_of_input";
        case errc::not_connected:
            return "not_connected";
        case errc::timed_out:
            return "timed_out";
        case errc::unauthorized:
            return "unauthorized";
        case errc::protocol:
            return "protocol";
        case errc::rejected:
            return "rejected";
        case errc::too_large:
            return "too_large";
        case errc::corrupt:
            return "corrupt";
        case errc::storage_failed:
            return "storage_failed";
        case errc::storage_full:
            return "storage_full";
        case errc::busy:
            return "busy";
        case errc::not_found:
            return "not_found";
        case errc::cancelled:
            return "cancelled";
    }
    return "unknown";
}

std::string_view hint_of(errc code) noexcept {
    switch (code) {
        case errc::not_connected:
            return "The peer cannot be reached. Nothing is lost: it is retried. Start it, or check its address.";
        case errc::timed_out:
            return "The peer does not respond. It is retried; see the peer's own log.";
        case errc::unauthorized:
            return "The peer does not accept our credentials. Check keys, passwords and certificates.";
        case errc::protocol:
            return "What answers does not speak the expected protocol. Check the address and the peer's version.";
        case errc::storage_failed:
            return "The disk failed. Check it; nothing is acknowledged that is not on disk.";
        case errc::storage_full:
            return "Clients wait, and nothing is lost. Free disk space, raise the limit, or start the reader that "
                   "lags.";
        case errc::busy:
            return "Another process holds it. Stop that one, or wait: this continues by itself.";
        case errc::corrupt:
            return "Bytes on disk are damaged. See docs/operate/runbook.md.";
        case errc::invalid_argument:
        case errc::end_of_input:
        case errc::rejected:
        case errc::too_large:
        case errc::not_found:
        case errc::cancelled:
            break;
    }
    return {};
}

std::ostream& operator<<(std::ostream& out, error const& what) {
    return out << name_of(what.code) << ": " << what.message;
}

void throw_exception_from_error(error const& what, boost::source_location const& where) {
    throw std::runtime_error{
        fmt::format("{}:{}: {}: {}", where.file_name(), where.line(), name_of(what.code), what.message)};
}

error in_context(std::string_view where, error const& what) {
    return error{what.code, fmt::format("{}: {}", where, what.message)};
}

}  // namespace logpipe
