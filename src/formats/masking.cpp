// Values that say less than they did.
#include "document_policy.hpp"

#include "core/assert.hpp"
#include "core/secrets.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <iterator>

#include <fmt/format.h>

namespace logpipe::formats {

std::string masked(std::string_view text) {
    constexpr std::string_view hidden = "***";
    if (text.size() >= INET6_ADDRSTRLEN) return std::string{hidden};
    std::string const address{text};
    std::array<char, INET6_ADDRSTRLEN> shown{};
    std::array<unsigned char, 16> bytes{};
    if (inet_pton(AF_INET, address.c_str(), bytes.data()) == 1) {
        bytes[3] = 0;
        return inet_ntop(AF_INET, bytes.data(), shown.data(), shown.size());
    }
    if (inet_pton(AF_INET6, address.c_str(), bytes.data()) != 1) return std::string{hidden};
    // ::ffff:192.0.2.7 is an address of version 4.
    constexpr std::array<unsigned char, 12> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    bool const is_mapped = std::equal(mapped.begin(), mapped.end(), bytes.begin());
    std::fill(bytes.end() - (is_mapped ? 1 : 10), bytes.end(), static_cast<unsigned char>(0));
    return inet_ntop(AF_INET6, bytes.data(), shown.data(), shown.size());
}

std::string keyed_hash(std::string_view key, std::string_view text) {
    constexpr std::size_t shown_bytes = 16;
    std::array<unsigned char, EVP_MAX_MD_SIZE> hash{};
    unsigned int bytes = 0;
    LOGPIPE_ASSERT(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
                        reinterpret_cast<unsigned char const*>(text.data()), text.size(), hash.data(),
                        &bytes) != nullptr);
    LOGPIPE_ASSERT(bytes >= shown_bytes);
    std::string out;
    for (std::size_t i = 0; i < shown_bytes; ++i) fmt::format_to(std::back_inserter(out), "{:02x}", hash[i]);
    return out;
}

result<std::vector<std::string>> read_redaction_keys(mapping const& table) {
    constexpr std::size_t key_bytes_min = 16;
    std::vector<std::string> keys;
    for (auto const& each : table.redactions) {
        keys.emplace_back();
        if (each.how != redaction_kind::hash) continue;
        auto key = read_secret(each.key_file);
        if (!key) return error{errc::invalid_argument, fmt::format("redact {}: {}", each.field, key.error().message)};
        if (key->size() < key_bytes_min)
            return error{errc::invalid_argument,
                         fmt::format("redact {}: the key in {} has {} bytes: at least {} are needed, such as those of "
                                     "openssl rand -hex 32",
                                     each.field, each.key_file, key->size(), key_bytes_min)};
        keys.back() = *std::move(key);
    }
    return keys;
}

}  // namespace logpipe::formats
