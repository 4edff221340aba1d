// JSON appended to a string, value by value: commas, quotes and brackets are the writer's business.
//
//     json_object answer{out};
//     answer.add("letters", count);
//     answer.array("reasons", all, [](json_object&& one, reason const& each) { one.add("text", each.text); });
//
// An object or array is closed where it goes out of scope; until then nothing else is appended to the string but by it
// and by those that it has opened, the last of which must be closed first. Texts with bytes that are not UTF-8 are
// cleaned (clean_text.hpp). What is made once a line or a document is written by hand (json_text.hpp).
#pragma once

#include <fmt/format.h>

#include <concepts>
#include <cstddef>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>

namespace logpipe {

/// One value, as JSON.
void append_json(std::string& out, std::string_view text);
/// With as few digits as give the same double again; JSON has no words for what is not finite: null.
void append_json(std::string& out, double value);
void append_json(std::string& out, std::integral auto value) {
    fmt::format_to(std::back_inserter(out), "{}", value);  // true and false as well
}
inline void append_json(std::string& out, std::nullptr_t) {
    out.append("null");
}
template <class T>
void append_json(std::string& out, std::optional<T> const& value) {
    if (value)
        append_json(out, *value);
    else
        append_json(out, nullptr);
}

/// A text that is JSON already.
struct json_value {
    std::string_view text;
};
inline void append_json(std::string& out, json_value value) {
    out.append(value.text);
}

class json_array;

class json_object final {
  public:
    explicit json_object(std::string& out) : out_{out} { out_.push_back('{'); }
    json_object(json_object const&) = delete;
    json_object& operator=(json_object const&) = delete;
    ~json_object() { out_.push_back('}'); }

    void add(std::string_view key, auto const& value) { append_json(at(key), value); }
    void add(std::string_view key, char const* text) { append_json(at(key), std::string_view{text}); }
    [[nodiscard]] json_object object(std::string_view key) { return json_object{at(key)}; }
    [[nodiscard]] json_array array(std::string_view key);
    /// An array of one object for each of `all`, which `write(json_object&&, each)` fills.
    void array(std::string_view key, auto const& all, auto write);

  private:
    std::string& at(std::string_view key);

    std::string& out_;
    bool first_ = true;
};

class json_array final {
  public:
    explicit json_array(std::string& out) : out_{out} { out_.push_back('['); }
    json_array(json_array const&) = delete;
    json_array& operator=(json_array const&) = delete;
    ~json_array() { out_.push_back(']'); }

    void add(auto const& value) { append_json(next(), value); }
    void add(char const* text) { append_json(next(), std::string_view{text}); }
    [[nodiscard]] json_object object() { return json_object{next()}; }
    [[nodiscard]] json_array array() { return json_array{next()}; }

  private:
    std::string& next();

    std::string& out_;
    bool first_ = true;
};

inline json_array json_object::array(std::string_view key) {
    return json_array{at(key)};
}

void json_object::array(std::string_view key, auto const& all, auto write) {
    json_array list{at(key)};
    for (auto const& each : all) write(list.object(), each);
}

}  // namespace logpipe
