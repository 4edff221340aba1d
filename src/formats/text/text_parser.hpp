// A format of lines of text.
#pragma once

#include "text/text_members.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace logpipe::formats {

/// Immutable, so any thread may use it.
class text_parser {
  public:
    virtual ~text_parser() = default;
    /// Adds the members of a line. @return false, with the reason, where it is not of this format
    [[nodiscard]] virtual bool parse(std::string_view line, text_members& into, std::string& reason) const = 0;
};

struct text_format {
    std::string_view name;
    /// Whether a line whose format nobody named is tried with it, in the list's order.
    bool guessed;
    std::unique_ptr<text_parser> (*make)();
};

template <class Parser>
std::unique_ptr<text_parser> make_parser() {
    return std::make_unique<Parser>();
}

}  // namespace logpipe::formats
