#include "support/certificates.hpp"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <atomic>
#include <cstdio>
#include <stdexcept>

namespace logpipe::test {

namespace {

constexpr long day_seconds = 86'400;

void require(bool done, char const* what) {
    if (!done) throw std::runtime_error{what};
}

using certificate_pointer = std::unique_ptr<X509, decltype(&X509_free)>;
using key_pointer = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

key_pointer make_key() {
    key_pointer key{EVP_EC_gen("P-256"), EVP_PKEY_free};
    require(key != nullptr, "no key");
    return key;
}

/// Without issuer and signature.
certificate_pointer make_certificate(std::string const& name, EVP_PKEY* key) {
    static std::atomic<long> serial{1};
    certificate_pointer made{X509_new(), X509_free};
    X509_set_version(made.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(made.get()), serial++);
    X509_gmtime_adj(X509_getm_notBefore(made.get()), -day_seconds);
    X509_gmtime_adj(X509_getm_notAfter(made.get()), day_seconds);
    X509_set_pubkey(made.get(), key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(made.get()), "CN", MBSTRING_UTF8,
                               reinterpret_cast<unsigned char const*>(name.c_str()), -1, -1, 0);
    return made;
}

void extend(X509* certificate, int what, std::string const& value) {
    std::unique_ptr<X509_EXTENSION, decltype(&X509_EXTENSION_free)> const extension{
        X509V3_EXT_conf_nid(nullptr, nullptr, what, value.c_str()), X509_EXTENSION_free};
    require(extension != nullptr && X509_add_ext(certificate, extension.get(), -1) == 1, "no extension");
}

template <class Write>
void write_file(std::string const& path, Write write) {
    std::unique_ptr<std::FILE, int (*)(std::FILE*)> const file{std::fopen(path.c_str(), "w"), std::fclose};
    require(file != nullptr && write(file.get()) == 1, "cannot write a certificate");
}

}  // namespace

struct certificate_authority::identity {
    key_pointer key = make_key();
    certificate_pointer certificate{nullptr, X509_free};
};

certificate_authority::certificate_authority(std::string const& name) : self_{std::make_unique<identity>()} {
    auto* const key = self_->key.get();
    self_->certificate = make_certificate(name, key);
    auto* const certificate = self_->certificate.get();
    X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
    extend(certificate, NID_basic_constraints, "critical,CA:TRUE");
    require(X509_sign(certificate, key, EVP_sha256()) > 0, "cannot sign");
}

certificate_authority::~certificate_authority() = default;

std::string certificate_authority::write_certificate(std::string const& path) const {
    write_file(path, [&](std::FILE* file) { return PEM_write_X509(file, self_->certificate.get()); });
    return path;
}

certificate_files certificate_authority::issue(std::string const& path, std::string const& names) const {
    auto const key = make_key();
    auto const certificate = make_certificate("logpipe test", key.get());
    X509_set_issuer_name(certificate.get(), X509_get_subject_name(self_->certificate.get()));
    extend(certificate.get(), NID_subject_alt_name, names);
    require(X509_sign(certificate.get(), self_->key.get(), EVP_sha256()) > 0, "cannot sign");
    certificate_files files{.certificate = path + ".crt", .key = path + ".key"};
    write_file(files.certificate, [&](std::FILE* file) { return PEM_write_X509(file, certificate.get()); });
    write_file(files.key, [&](std::FILE* file) {
        return PEM_write_PrivateKey(file, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    });
    return files;
}

}  // namespace logpipe::test
