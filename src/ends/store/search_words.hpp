// The page's search as a query of SQLite.
#pragma once

#include "handles.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace logpipe::store {

/// All of it must match.
struct text_search {
    bool finds_nothing = false;         ///< a word is nowhere
    std::string match;                  ///< an FTS5 expression; empty: none
    std::vector<std::string> patterns;  ///< of LIKE, with `\` as its escape; one of the searched texts must be like it
};

/// Of one reading connection. One thread. Whatever is typed is words, never FTS5's language.
///
/// FTS5 finds a whole word at once wherever it is, but of a word's beginning (`"prod"*`) it first merges the
/// occurrences of all words that begin so, in all of the documents, and cannot be interrupted. So the words that begin
/// so are looked up here, one seek each, and searched by name. Where there are too many, and where a word has other
/// letters than ASCII's (which FTS5 folds), texts are compared instead: slower, but as a part of the rows it costs a
/// part of the time.
class search_words final {
  public:
    [[nodiscard]] static result<search_words> prepare(database& store);

    /// @param full_text  there is an index; without it all words are compared
    [[nodiscard]] result<text_search> plan(database& store, std::string_view search, bool full_text);

  private:
    [[nodiscard]] result<> add_word(database& store, std::string_view word, text_search& into);

    statement next_word_;
};

}  // namespace logpipe::store
