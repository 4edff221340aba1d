// The source of files that are followed, each line once, also across restarts, rotation and truncation.
#pragma once

#include "core/environment.hpp"
#include "followed_file.hpp"
#include "logpipe/stage.hpp"
#include "positions_book.hpp"

#include <memory>
#include <string>

namespace logpipe::files {

struct follow_options {
    event_options events;
    std::string pattern;
    bool until_end = false;   ///< reads what is there, and ends
    bool keeps_cuts = false;  ///< what was given as a batch is the same batch after a crash
};

[[nodiscard]] std::unique_ptr<source> make_follow_source(follow_options options, std::shared_ptr<positions_book> book,
                                                         environment world = {});

}  // namespace logpipe::files
