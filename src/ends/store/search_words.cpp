#include "search_words.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace logpipe::store {

namespace {

constexpr std::size_t beginning_min = 3;  // shorter ones are whole words: very many begin alike
constexpr std::size_t words_max = 128;    // that begin alike

[[nodiscard]] constexpr bool is_ascii(char each) noexcept {
    return static_cast<unsigned char>(each) < 0x80;
}

/// Of a token, as FTS5's unicode61 sees ASCII.
[[nodiscard]] constexpr bool is_letter(char each) noexcept {
    return (each >= 'a' && each <= 'z') || (each >= 'A' && each <= 'Z') || (each >= '0' && each <= '9');
}

[[nodiscard]] std::vector<std::string_view> words_of(std::string_view text) {
    std::vector<std::string_view> words;
    while (true) {
        auto const begin = text.find_first_not_of(" \t\r\n");
        if (begin == std::string_view::npos) return words;
        auto const end = std::min(text.size(), text.find_first_of(" \t\r\n", begin));
        words.push_back(text.substr(begin, end - begin));
        text.remove_prefix(end);
    }
}

/// `mark` before each character that the language gives a meaning.
[[nodiscard]] std::string with_marks(std::string_view text, std::string_view special, char mark) {
    std::string out;
    for (char const each : text) {
        if (special.contains(each)) out.push_back(mark);
        out.push_back(each);
    }
    return out;
}

[[nodiscard]] std::string pattern_of(std::string_view word) {
    return fmt::format("%{}%", with_marks(word, "%_\\", '\\'));
}

[[nodiscard]] std::string phrase_of(std::string_view head, std::string_view last) {
    return fmt::format("\"{}{}\"", with_marks(head, "\"", '"'), with_marks(last, "\"", '"'));
}

[[nodiscard]] std::string lower_case(std::string_view text) {
    std::string out{text};
    for (char& each : out)
        if (each >= 'A' && each <= 'Z') each = static_cast<char>(each - 'A' + 'a');
    return out;
}

void add_match(text_search& into, std::string_view match) {
    into.match += fmt::format("{}{}", into.match.empty() ? "" : " AND ", match);
}

}  // namespace

result<search_words> search_words::prepare(database& store) {
    // One row an occurrence of a word, so that nothing is read but the first one of each; in the connection's own
    // schema, which may be written where the store may not. It is used only while the index is there.
    if (auto made = store.run("CREATE VIRTUAL TABLE temp.words USING fts5vocab('main', 'documents_text', 'instance')");
        !made)
        return made.error();
    return search_words{};
}

result<text_search> search_words::plan(database& store, std::string_view search, bool full_text) {
    text_search all;
    for (auto const word : words_of(search)) {
        bool const is_comparable = std::ranges::all_of(word, is_ascii) && std::ranges::any_of(word, is_letter);
        if (!full_text || !is_comparable) {
            all.patterns.push_back(pattern_of(word));
        } else if (auto added = add_word(store, word, all); !added) {
            return added.error();
        }
    }
    return all;
}

result<> search_words::add_word(database& store, std::string_view word, text_search& into) {
    auto const last_letters =
        static_cast<std::size_t>(std::ranges::find_if_not(word.rbegin(), word.rend(), is_letter) - word.rbegin());
    if (last_letters < beginning_min) {
        add_match(into, phrase_of(word, {}));
        return {};
    }
    if (!next_word_) {
        auto prepared = store.prepare("SELECT term FROM temp.words WHERE term >= ?1 AND term < ?2 LIMIT 1");
        if (!prepared) return prepared.error();
        next_word_ = std::move(*prepared);
    }
    auto const head = word.substr(0, word.size() - last_letters);
    auto const begin = lower_case(word.substr(head.size()));
    auto end = begin;
    ++end.back();
    std::string matches;
    auto from = begin;
    for (std::size_t found = 0;; ++found) {
        next_word_.bind(1, std::string_view{from});
        next_word_.bind(2, std::string_view{end});
        int const code = next_word_.step();
        auto const term = code == SQLITE_ROW ? next_word_.text(0) : std::string{};
        next_word_.reset();
        if (code == SQLITE_DONE) break;
        if (code != SQLITE_ROW) return store.failure(code, "looking up words");
        if (found == words_max) {
            into.patterns.push_back(pattern_of(word));
            return {};
        }
        matches += fmt::format("{}{}", matches.empty() ? "" : " OR ", phrase_of(head, term));
        from = term + '\x01';  // the next one: no word has this character
    }
    if (matches.empty())
        into.finds_nothing = true;
    else
        add_match(into, fmt::format("({})", matches));
    return {};
}

}  // namespace logpipe::store
