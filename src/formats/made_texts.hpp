// Texts that a line does not hold as they are needed, such as a list made of "0.1, 0.2".
#pragma once

#include "document_writer.hpp"

#include <cstddef>
#include <deque>
#include <string>

namespace logpipe::formats {

/// Of one line at a time; keeps its memory from line to line. Views into a text hold until clear(). One thread.
class made_texts final {
  public:
    void clear() noexcept { used_ = 0; }
    [[nodiscard]] bool empty() const noexcept { return used_ == 0; }
    /// An empty one.
    [[nodiscard]] std::string& add() {
        if (used_ == texts_.size()) texts_.emplace_back();
        auto& text = texts_[used_++];
        text.clear();
        return text;
    }
    /// When it is complete: with a block of readable bytes after it.
    [[nodiscard]] static std::string_view view(std::string& text) {
        text.reserve(text.size() + document_writer::block_bytes);
        return text;
    }

  private:
    std::deque<std::string> texts_;  ///< which stay where they are
    std::size_t used_ = 0;
};

}  // namespace logpipe::formats
