// What is read of JSON: the record that docker_source makes, and the level in a line that is JSON itself.
#pragma once

#include "log_entry.hpp"

#include <simdjson.h>

#include <string>
#include <string_view>

namespace logpipe::loki {

/// One thread.
class entry_reader final {
  public:
    /// A payload that is not a record of docker_source is the line as it is, `tag` its service. What it gives holds
    /// until the next call, and as long as its arguments.
    [[nodiscard]] log_entry read(std::string_view payload, std::string_view tag);

  private:
    [[nodiscard]] bool read_record(std::string_view payload, log_entry& into);
    [[nodiscard]] std::string_view level_of(std::string_view line);

    simdjson::ondemand::parser record_parser_;
    simdjson::ondemand::parser line_parser_;
    std::string record_;
    std::string line_;
    std::string clean_;
    std::string plain_;
};

}  // namespace logpipe::loki
