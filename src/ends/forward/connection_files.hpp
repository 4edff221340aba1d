// Certificates and secrets of one end of the forward protocol, read at start and on SIGHUP.
#pragma once

#include "forward/forward.hpp"

#include <boost/asio/ssl/context.hpp>

#include <optional>
#include <string>

namespace logpipe::forward {

/// What came by no file is none here, and stays as the options have it.
struct connection_files {
    std::optional<boost::asio::ssl::context> tls;
    std::optional<std::string> shared_key;
    std::optional<forward_users> users;
    std::optional<std::string> password;
};

/// @return errc::invalid_argument, with the file that cannot be used
[[nodiscard]] result<connection_files> read_files(forward_source_options const& options);
[[nodiscard]] result<connection_files> read_files(forward_sink_options const& options);

}  // namespace logpipe::forward
