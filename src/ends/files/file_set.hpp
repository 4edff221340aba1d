// The files that a source has open: read in turn, watched for changes, closed when they are gone.
#pragma once

#include "file_content.hpp"
#include "followed_file.hpp"
#include "positions_book.hpp"

#include "logpipe/stage.hpp"

#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>

namespace logpipe::files {

struct file_set_figures {
    std::uint64_t open = 0;
    std::uint64_t backlog_bytes = 0;
    std::uint64_t truncations = 0;
    std::uint64_t lost_bytes = 0;
    line_counts lines{};
};

/// An open file and what is known of it.
struct open_file {
    std::unique_ptr<followed_file> file;
    std::string path;        ///< where it is
    file_facts facts{};      ///< as seen last
    steady_time changed_at;  ///< when it had news last
    bool is_named = true;    ///< the source's pattern means it
    bool is_ready = true;    ///< to be read
    bool is_idle = false;    ///< lines that wait for more are to be given
    bool is_final = false;   ///< it gets no more
    bool is_lost = false;    ///< truncated: what was not read may be in a copy
    bool is_ended = false;   ///< nothing more is wanted of it
};

/// One thread.
class file_set final {
  public:
    /// @param until_end  a file ends where it does now
    /// @param book, world  outlive it
    file_set(bool until_end, positions_book& book, environment const& world)
        : until_end_{until_end}, book_{book}, world_{world} {}
    ~file_set();
    file_set(file_set const&) = delete;
    file_set& operator=(file_set const&) = delete;

    [[nodiscard]] open_file* of_inode(inode_id which);
    [[nodiscard]] open_file* of_id(file_id which);
    /// None of them is named by the pattern, until it is found again.
    void forget_names();
    /// @return false where another source of this process has it
    [[nodiscard]] bool open(std::unique_ptr<followed_file> file, std::string const& path, file_facts const& facts,
                            bool is_named);
    /// What was lost is read on from a copy.
    void continue_in(open_file& lost, std::unique_ptr<file_content> copy, std::string const& path,
                     file_facts const& facts);
    /// Nothing more is wanted of it; it goes once all that was read of it is safe.
    void end(open_file& one);

    /// Which files have more, and which are gone. @return whether another scan may find more of one
    [[nodiscard]] bool look();
    /// The next file's next lines, each file in its turn. @return null where no file has any for now
    [[nodiscard]] result<open_file*> read(batch& into);
    [[nodiscard]] bool has_ready() const;
    void commit(std::span<progress const> safe);
    [[nodiscard]] file_set_figures figures() const;

  private:
    void look_at(open_file& one);
    void look_at_end(open_file& one);
    void lose(open_file& one);
    void remove_ended();

    bool const until_end_;
    positions_book& book_;
    environment const& world_;
    std::deque<open_file> files_;
    std::size_t turn_ = 0;
    bool was_lost_ = false;
    file_set_figures gone_;  // of files that are closed
};

}  // namespace logpipe::files
