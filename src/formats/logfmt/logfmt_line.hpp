// logfmt: key=value pairs, values with spaces in quotes. https://brandur.org/logfmt
#pragma once

#include "text/text_parser.hpp"

#include <string>
#include <string_view>

namespace logpipe::formats {

/// A number stays one, as do true and false; a key without a value is true.
class logfmt_parser final : public text_parser {
  public:
    [[nodiscard]] bool parse(std::string_view line, text_members& into, std::string& reason) const override;
};

}  // namespace logpipe::formats
