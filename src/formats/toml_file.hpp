// A TOML file as tables of texts, which remembers what is wrong with it and where. A key is known by being asked for.
#pragma once

#include "logpipe/result.hpp"

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace logpipe::formats {

class toml_file;

/// A table of a file, which must outlive it. One thread. What is of another kind than asked for is a mistake, and the
/// value that was there before stays.
class toml_table final {
  public:
    /// @return whether there is such a key
    bool text(std::string_view key, std::string& into);
    bool texts(std::string_view key, std::vector<std::string>& into);
    /// A text alone is a list of one.
    bool text_or_texts(std::string_view key, std::vector<std::string>& into);
    /// A list of such.
    bool lists(std::string_view key, std::vector<std::vector<std::string>>& into);
    bool flag(std::string_view key, bool& into);
    bool number(std::string_view key, double& into);
    /// One of `names`. @return its index in `into`
    bool choice(std::string_view key, std::span<std::string_view const> names, std::size_t& into);
    /// `[[key]]`, or `[key]`, which is at most one.
    [[nodiscard]] std::vector<toml_table> tables(std::string_view key);
    [[nodiscard]] std::vector<toml_table> table(std::string_view key);

    /// Each key that was not asked for is a mistake.
    void reject_others();
    /// At the line of the key, or where it is not there of the table.
    void mistake(std::string_view key, std::string_view what);

  private:
    friend class toml_file;
    toml_table(toml_file& file, void const* node) : file_{&file}, node_{node} {}

    toml_file* file_;
    void const* node_;  ///< a toml::table: the library stays in one file
    std::vector<std::string> known_;
};

class toml_file final {
  public:
    static constexpr std::size_t text_bytes_max = 4'096;
    static constexpr std::size_t mistakes_max = 20;  ///< that are named

    /// @param path  for the messages
    /// @return errc::invalid_argument with line and reason where it is not TOML
    [[nodiscard]] static result<std::unique_ptr<toml_file>> parse(std::string_view contents, std::string path);
    toml_file(toml_file const&) = delete;
    toml_file& operator=(toml_file const&) = delete;
    ~toml_file();

    [[nodiscard]] toml_table root();
    /// errc::invalid_argument with all mistakes, "PATH:LINE: WHAT; PATH:LINE: WHAT".
    [[nodiscard]] result<> verdict() const;

  private:
    friend class toml_table;
    struct parsed;
    explicit toml_file(std::string path);

    std::string path_;
    std::unique_ptr<parsed> parsed_;
    std::vector<std::string> mistakes_;
};

}  // namespace logpipe::formats
