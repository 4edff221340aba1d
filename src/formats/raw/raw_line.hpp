// One line as it is: one member, `message`.
#pragma once

#include "text/text_parser.hpp"

namespace logpipe::formats {

class raw_parser final : public text_parser {
  public:
    [[nodiscard]] bool parse(std::string_view line, text_members& into, std::string& /*reason*/) const override {
        into.add_raw(message_, line);
        return true;
    }

  private:
    member_key message_{"message"};
};

}  // namespace logpipe::formats
