// Finds the files that a pattern means, and knows again those that were read before: by their inode and what they hold,
// or as a copy, plain or compressed, by what they hold.
#pragma once

#include "file_set.hpp"
#include "originals.hpp"
#include "path_pattern.hpp"
#include "positions_book.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace logpipe::files {

struct search_figures {
    std::uint64_t total_bytes = 0;  ///< of the files that the pattern means
    std::uint64_t files = 0;
    std::uint64_t found = 0;
    std::uint64_t renames = 0;
    std::uint64_t copies = 0;
};

/// One thread.
class file_search final {
  public:
    /// @param until_end  what is there now is all there will be
    /// @param all but the first two  outlive it
    file_search(path_pattern pattern, bool until_end, event_options const& events, positions_book& book,
                file_set& files, environment const& world);

    /// Opens what is new. @return the folders in which names may appear that make another scan worth it
    [[nodiscard]] std::set<std::string> scan();
    /// It does not know yet what a file is: it is empty, or somebody is still writing a copy.
    [[nodiscard]] bool is_undecided() const noexcept { return is_undecided_; }
    [[nodiscard]] bool folder_is_missing() const noexcept { return folder_is_missing_; }

    [[nodiscard]] search_figures const& figures() const noexcept { return figures_; }
    /// Files that are not read, with the reasons.
    [[nodiscard]] std::map<std::string, std::string> const& refused() const noexcept { return refused_; }
    /// The next reason that no call returned before.
    [[nodiscard]] std::optional<error> take_refusal();

  private:
    struct sighting {
        found_file at;
        /// The pattern does not mean it: it may have the rest of a file that was read, and nothing else.
        bool is_relative = false;
    };
    /// A file that is not opened while it stays as it is.
    struct passed_file {
        std::uint64_t bytes = 0;
        std::int64_t modified_ns = 0;
        bool is_for_good = false;  // also when another file is gone
    };

    [[nodiscard]] std::vector<sighting> sight(std::vector<found_file> found);
    [[nodiscard]] bool is_passed(found_file const& one) const;
    void pass(found_file const& one, bool is_for_good);
    void refuse(found_file const& one, error const& reason);
    [[nodiscard]] bool is_open_or_passed(sighting const& one);
    [[nodiscard]] bool open_known(sighting const& one);
    void identify(sighting const& one, std::vector<sighting> const& all);
    [[nodiscard]] std::vector<known_file> known_files(std::vector<sighting> const& all);
    [[nodiscard]] bool may_be_unfinished_copy(found_file const& one, std::vector<sighting> const& all) const;
    [[nodiscard]] bool was_missed(found_file const& one) const;
    [[nodiscard]] std::optional<std::uint64_t> bytes_now(known_file const& of);
    void take_up_copy(sighting const& copy, std::unique_ptr<file_content> content, known_file const& of, bool is_whole);
    void open_new(found_file const& one, std::unique_ptr<file_content> content);

    path_pattern const pattern_;
    bool const until_end_;
    event_options const& events_;
    positions_book& book_;
    file_set& files_;
    environment const& world_;
    std::map<inode_id, passed_file> passed_;
    std::map<std::string, std::string> refused_;
    std::deque<error> refusals_;
    std::set<file_id> orphans_;                        // known files that were not there
    std::map<std::string, std::int64_t> known_since_;  // by path: since when it is followed
    bool has_lost_ = false;                            // a known file holds something else now
    bool is_undecided_ = false;
    bool folder_is_missing_ = false;
    search_figures figures_;
};

}  // namespace logpipe::files
