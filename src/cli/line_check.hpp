// Lines through the transform, one at a time, for `check`.
#pragma once

#include "logpipe/descriptor.hpp"
#include "logpipe/event.hpp"
#include "logpipe/result.hpp"
#include "logpipe/stage.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace logpipe::cli {

/// What became of a line.
struct line_outcome {
    std::string_view document;  ///< holds until the next line
    std::string reason;         ///< it is rejected; else empty
    std::string dropped;        ///< by this rule; else empty
    bool is_raw = false;        ///< text of none of the formats
    bool is_without_fields = false;
};

class line_check final {
  public:
    /// @param values  of the transform's options
    [[nodiscard]] static result<line_check> make(option_values const& values);

    [[nodiscard]] line_outcome run(std::string_view line, std::string const& tag, std::int64_t received_ns);
    /// The formats that were chosen: "app.follow: combined"; empty where one was given.
    [[nodiscard]] std::string formats() const { return change_->status().target; }

  private:
    explicit line_check(std::unique_ptr<transform> change) : change_{std::move(change)} {}

    std::unique_ptr<transform> change_;
    batch one_;
    double raw_ = 0;
    double without_fields_ = 0;
    std::map<std::string, double, std::less<>> dropped_;  ///< by rule
};

}  // namespace logpipe::cli
