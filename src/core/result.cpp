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
