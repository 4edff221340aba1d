// Values of an end's options for its tests: the defaults, and what a test gives.
#pragma once

#include "core/end_uri.hpp"
#include "core/options.hpp"
#include "core/secrets.hpp"
#include "support/catch.hpp"

#include <charconv>
#include <map>
#include <string>
#include <vector>

namespace logpipe::test {

using given_texts = std::map<std::string, std::vector<std::string>, std::less<>>;

/// Numbers, and durations and sizes in milliseconds and bytes, are given as plain digits.
class given_options final : public option_values {
  public:
    given_options(std::vector<option> const& rows, given_texts const& given) {
        for (auto const& row : rows) {
            values_[std::string{row.name}] = {row.fallback};
            if (row.kind == option_kind::list) values_[std::string{row.name}].clear();
        }
        for (auto const& [name, texts] : given) {
            REQUIRE(values_.contains(name));
            values_[name] = texts;
            given_.insert_or_assign(name, true);
        }
    }

    [[nodiscard]] std::string const& text(std::string_view name) const override { return at(name).front(); }
    [[nodiscard]] std::vector<std::string> const& list(std::string_view name) const override { return at(name); }
    [[nodiscard]] std::uint64_t number(std::string_view name) const override {
        auto const& value = text(name);
        std::uint64_t number = 0;
        std::from_chars(value.data(), value.data() + value.size(), number);
        return value == "on" || value == "yes" ? 1 : number;
    }
    [[nodiscard]] result<std::string> secret(std::string_view name) const override {
        return text(name).empty() ? result<std::string>{std::string{}} : read_secret_lines(text(name));
    }
    [[nodiscard]] bool is_default(std::string_view name) const override { return !given_.contains(name); }

  private:
    [[nodiscard]] std::vector<std::string> const& at(std::string_view name) const {
        auto const found = values_.find(name);
        INFO("option " << name);
        REQUIRE(found != values_.end());
        return found->second;
    }

    std::map<std::string, std::vector<std::string>, std::less<>> values_;
    std::map<std::string, bool, std::less<>> given_;
};

[[nodiscard]] inline end_request request_of(std::string const& uri, option_values const& values) {
    return {.uri = parse_uri(uri).value(), .values = values, .run_id = "", .group = "g", .share = {}};
}

}  // namespace logpipe::test
