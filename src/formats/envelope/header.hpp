// What others put in front of a line: CRI's and syslog's headers.
#pragma once

#include "text/text_members.hpp"

#include <optional>
#include <string_view>

namespace logpipe::formats {

/// The names of what a header says. Its time is `envelope_time`: the line may have another.
class header_reader final {
  public:
    /// Of a header, with which `line` begins. Adds what it says to `into`.
    /// @return the line behind it; none: there was not one
    [[nodiscard]] std::optional<std::string_view> take(std::string_view line, text_members& into) const;

  private:
    [[nodiscard]] std::optional<std::string_view> take_cri(std::string_view line, text_members& into) const;
    [[nodiscard]] std::optional<std::string_view> take_syslog(std::string_view line, text_members& into) const;
    [[nodiscard]] std::optional<std::string_view> take_5424(std::string_view rest, text_members& into) const;
    [[nodiscard]] std::optional<std::string_view> take_3164(std::string_view rest, text_members& into) const;

    member_key time_{"envelope_time"};
    member_key stream_{"stream"};
    member_key bsd_time_{"syslog_time"};  ///< without year and zone
    member_key priority_{"syslog_priority"};
    member_key severity_{"syslog_severity"};
    member_key host_{"syslog_host"};
    member_key program_{"syslog_program"};
    member_key pid_{"syslog_pid"};
    member_key message_id_{"syslog_message_id"};
    member_key data_{"syslog_data"};
};

}  // namespace logpipe::formats
