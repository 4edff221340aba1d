// logpipe.toml: any bytes give values or an error that names the file.
#include "config_file.hpp"

#include "core/assert.hpp"

#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    std::string_view const text{reinterpret_cast<char const*>(data), size};
    auto const read = logpipe::cli::parse_config(text, "logpipe.toml", "run");
    if (!read) {
        LOGPIPE_ASSERT(read.error().message.starts_with("logpipe.toml:"));
        return 0;
    }
    for (auto const& [name, value] : read->values) LOGPIPE_ASSERT(!name.empty());
    for (auto const& hop : read->hops) LOGPIPE_ASSERT(hop.threads >= 1);
    return 0;
}
