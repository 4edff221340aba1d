// [[split]], [[redact]] and [[rule]] of a mapping's file.
#pragma once

#include "formats/normalize.hpp"
#include "toml_file.hpp"

#include <string>

namespace logpipe::formats {

/// When all else of the mapping is read.
void read_policy(toml_table& root, document_mapping& into);
/// As the TOML that makes it again.
void add_policy(std::string& out, mapping const& table);

}  // namespace logpipe::formats
