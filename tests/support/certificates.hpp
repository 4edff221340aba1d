// Throw-away certificates: a CA, and what it signs.
#pragma once

#include <memory>
#include <string>

namespace logpipe::test {

struct certificate_files {
    std::string certificate;
    std::string key;
};

/// Keys of P-256, valid from a day ago for a day.
class certificate_authority final {
  public:
    explicit certificate_authority(std::string const& name);
    ~certificate_authority();
    certificate_authority(certificate_authority const&) = delete;
    certificate_authority& operator=(certificate_authority const&) = delete;

    /// Writes the CA's own certificate. @return its path.
    [[nodiscard]] std::string write_certificate(std::string const& path) const;
    /// Signs a new key for `names` ("DNS:localhost,IP:127.0.0.1") and writes PATH.crt and PATH.key.
    [[nodiscard]] certificate_files issue(std::string const& path, std::string const& names) const;

  private:
    struct identity;
    std::unique_ptr<identity> self_;
};

}  // namespace logpipe::test
