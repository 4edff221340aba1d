// The URIs of ends, as an operator types them: what is accepted can be written down and read back as the same.
#include "core/end_uri.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

using namespace logpipe;

namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

/// The URI from its parts.
std::string written(end_uri const& uri) {
    auto text = uri.scheme + file_uri(uri.rest).substr(std::string_view{"file"}.size());
    char before = '?';
    for (auto const& [key, value] : uri.query) {
        text += before + key + '=' + value;
        before = '&';
    }
    return text;
}

void check_path(std::string_view path) {
    auto const uri = parse_uri(file_uri(path));
    require(uri && uri->scheme == "file" && uri->rest == path && uri->query.empty());
}

void check_authority(end_uri const& uri) {
    auto const split = split_authority(uri, "SCHEME://AUTHORITY/NAME");
    if (!split) return require(split.error().code == errc::invalid_argument);
    require(!split->authority.empty() && !split->name.empty());
    require(!split->authority.contains('/') && !split->name.contains('/'));
    require(split->authority + '/' + split->name == uri.rest);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t bytes) {
    std::string_view const text{reinterpret_cast<char const*>(data), bytes};
    check_path(text);
    auto const uri = parse_uri(text);
    if (!uri) {
        require(uri.error().code == errc::invalid_argument);
        return 0;
    }
    require(uri->whole == text);
    check_authority(*uri);
    if (uri->scheme == "http" || uri->scheme == "https") {
        require(uri->query.empty());
        return 0;
    }
    auto const again = parse_uri(written(*uri));
    require(again && again->scheme == uri->scheme && again->rest == uri->rest && again->query == uri->query);
    auto const other = parse_uri(with_suffix(written(*uri), "-letters"));
    require(other && other->rest == uri->rest + "-letters" && other->query == uri->query);
    return 0;
}
