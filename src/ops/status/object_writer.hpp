// JSON written by hand: numbers as people write them, words cleaned of what is no UTF-8.
#pragma once

#include "core/clean_text.hpp"
#include "core/json_text.hpp"
#include "number_text.hpp"

#include <fmt/format.h>

#include <cmath>
#include <concepts>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace logpipe::status {

/// One JSON object, written key by key.
class object_writer final {
  public:
    explicit object_writer(std::string& out) : out_{out} { out_.push_back('{'); }
    object_writer(object_writer const&) = delete;
    object_writer& operator=(object_writer const&) = delete;
    ~object_writer() { out_.push_back('}'); }

    /// The place where the key's value is to be appended.
    std::string& at(std::string_view key) {
        if (!first_) out_.push_back(',');
        first_ = false;
        append_json_string(out_, clean_utf8(key));
        out_.push_back(':');
        return out_;
    }
    void add(std::string_view key, std::string_view text) { append_json_string(at(key), clean_utf8(text)); }
    void add(std::string_view key, bool value) { at(key).append(value ? "true" : "false"); }
    void add(std::string_view key, std::integral auto value) {
        fmt::format_to(std::back_inserter(at(key)), "{}", value);
    }
    /// JSON has no words for what is not finite: null.
    void add(std::string_view key, double value) { at(key).append(std::isfinite(value) ? number_text(value) : "null"); }

  private:
    std::string& out_;
    bool first_ = true;
};

template <class T>
void write_list(std::string& out, std::vector<T> const& values, void (*write)(std::string&, T const&)) {
    out.push_back('[');
    for (auto const& value : values) {
        if (&value != values.data()) out.push_back(',');
        write(out, value);
    }
    out.push_back(']');
}

}  // namespace logpipe::status
