#include "connection_files.hpp"

#include "core/secrets.hpp"
#include "net/tls.hpp"

namespace logpipe::forward {

namespace {

result<> read_into(std::optional<std::string>& into, std::string const& file) {
    if (file.empty()) return {};
    auto read = read_secret(file);
    if (!read) return read.error();
    into = *std::move(read);
    return {};
}

}  // namespace

result<connection_files> read_files(forward_source_options const& options) {
    connection_files files;
    if (!options.certificate_file.empty() || !options.key_file.empty()) {
        auto made = net::make_tls_server({.certificate_file = options.certificate_file,
                                          .key_file = options.key_file,
                                          .client_ca_file = options.client_ca_file});
        if (!made) return made.error();
        files.tls.emplace(*std::move(made));
    } else if (!options.client_ca_file.empty()) {
        return error{errc::invalid_argument, "a client CA file needs a certificate and key of our own: TLS"};
    }
    if (auto read = read_into(files.shared_key, options.shared_key_file); !read) return read.error();
    if (options.users_file.empty()) return files;
    auto const lines = read_secret_lines(options.users_file);
    if (!lines) return lines.error();
    auto users = parse_forward_users(*lines);
    if (!users) return in_context(options.users_file, users.error());
    files.users = *std::move(users);
    return files;
}

result<connection_files> read_files(forward_sink_options const& options) {
    connection_files files;
    if (options.tls) {
        auto made = net::make_tls_client({.ca_file = options.ca_file,
                                          .certificate_file = options.certificate_file,
                                          .key_file = options.key_file,
                                          .insecure_skip_verify = options.insecure_skip_verify});
        if (!made) return made.error();
        files.tls.emplace(*std::move(made));
    }
    if (auto read = read_into(files.shared_key, options.shared_key_file); !read) return read.error();
    if (auto read = read_into(files.password, options.password_file); !read) return read.error();
    return files;
}

}  // namespace logpipe::forward
