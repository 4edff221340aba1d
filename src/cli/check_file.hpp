// `check --file`: the documents of a file's first lines, and what became of all of them.
#pragma once

#include "line_check.hpp"
#include "settings.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace logpipe::cli {

/// What became of many lines. One thread.
class lines_summary final {
  public:
    static constexpr std::size_t examples_max = 5;   ///< line numbers of a reason
    static constexpr std::size_t reasons_max = 20;   ///< of rejections; lines with others are counted together
    static constexpr std::size_t fields_max = 1000;  ///< of documents; others are not listed

    void add(std::uint64_t line_number, std::string_view line, line_outcome const& outcome);
    /// Whether some line became a document, or was dropped on purpose.
    [[nodiscard]] bool has_good_lines() const noexcept { return documents_ > 0 || !dropped_.empty(); }
    /// For people: several lines.
    [[nodiscard]] std::string text() const;

  private:
    struct field {
        std::string path;
        std::string example;
        std::uint64_t lines = 0;
    };
    /// Of lines that have something in common.
    struct group {
        std::uint64_t lines = 0;
        std::vector<std::uint64_t> numbers{};  ///< of the first ones
        std::string example{};

        void add(std::uint64_t number, std::string_view line);
        [[nodiscard]] std::string text(std::string_view what) const;
    };

    void add_document(std::string_view document);

    std::uint64_t lines_ = 0;
    std::uint64_t documents_ = 0;
    std::uint64_t repaired_ = 0;
    std::map<std::string, std::uint64_t, std::less<>> repairs_;  ///< by their kind
    group raw_;
    group without_fields_;
    std::map<std::string, std::uint64_t, std::less<>> dropped_;  ///< by their rule
    std::uint64_t rejected_ = 0;
    std::map<std::string, group, std::less<>> rejections_;  ///< by their reason
    group other_rejections_;
    std::vector<field> fields_;  ///< in the order they came
    std::map<std::string, std::size_t, std::less<>> field_indices_;
    std::uint64_t unlisted_fields_ = 0;
};

/// @return the exit status
[[nodiscard]] int check_file(settings const& options);

}  // namespace logpipe::cli
