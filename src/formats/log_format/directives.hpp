// The directives of nginx's configuration. https://nginx.org/en/docs/beginners_guide.html#conf_structure
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace logpipe::formats {

/// One thread. The text must outlive it.
class directive_reader final {
  public:
    explicit directive_reader(std::string_view text) : left_{text} {}

    /// The words of the next directive, a simple one or the beginning of a block; empty at the end.
    [[nodiscard]] std::vector<std::string> next();

  private:
    [[nodiscard]] std::string take_quoted(char quote);
    [[nodiscard]] std::string take_word();

    std::string_view left_;
};

}  // namespace logpipe::formats
