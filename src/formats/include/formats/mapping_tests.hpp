// A file of cases for a mapping: a line, and what becomes of it.
#pragma once

#include "logpipe/result.hpp"

#include <string>
#include <vector>

namespace logpipe::formats {

/// One of `document`, `rejected` and `dropped` is given.
struct mapping_test {
    std::string name;
    std::string line;
    std::string document;  ///< JSON text
    std::string rejected;  ///< a part of the reason
    std::string dropped;   ///< the rule's name
    bool exact = false;    ///< the document has no other keys
};

struct mapping_tests {
    std::string mapping;  ///< as --mapping, a path as seen from the file's folder; empty: not given
    std::string format;   ///< as --format; empty: not given
    std::vector<mapping_test> tests;
};

/// @return errc::invalid_argument with the position of each mistake, or errc::not_found
[[nodiscard]] result<mapping_tests> read_mapping_tests(std::string const& path);

}  // namespace logpipe::formats
