// Alone in its file: it is compiled whenever the commit changes.
#include "revision_text.hpp"
#include "version.hpp"

namespace logpipe::cli {

std::string_view revision() noexcept {
    return LOGPIPE_REVISION;
}

}  // namespace logpipe::cli
