#include "body_splitter.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>

namespace logpipe::ingest {

namespace {

constexpr std::string_view blanks = " \t\r\n";

using views = std::vector<std::string_view>;

error too_many(std::size_t events_max) {
    return {errc::too_large, fmt::format("more than {} events", events_max)};
}

result<views> split_lines(std::string_view body, std::size_t events_max) {
    views events;
    while (!body.empty()) {
        auto const end = std::min(body.find('\n'), body.size());
        auto line = body.substr(0, end);
        body.remove_prefix(std::min(end + 1, body.size()));
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (line.empty()) continue;
        if (events.size() == events_max) return too_many(events_max);
        events.push_back(line);
    }
    return events;
}

/// Objects, and arrays of objects, by their brackets.
class json_splitter final {
  public:
    json_splitter(std::string_view body, std::size_t events_max) : body_{body}, events_max_{events_max} {}

    result<views> split() {
        while (next_token()) {
            auto const taken = body_[at_] == '[' ? take_array() : take_object();
            if (!taken) return taken.error();
        }
        return std::move(events_);
    }

  private:
    /// @return false at the end
    bool next_token() {
        at_ = std::min(body_.find_first_not_of(blanks, at_), body_.size());
        return at_ < body_.size();
    }
    [[nodiscard]] bool is_at(char wanted) const { return at_ < body_.size() && body_[at_] == wanted; }
    error wrong(std::string_view expected) const {
        return {errc::rejected, fmt::format("byte {}: expected {}", at_, expected)};
    }

    result<> take_array() {
        ++at_;
        static_cast<void>(next_token());
        if (is_at(']')) {
            ++at_;
            return {};
        }
        while (true) {
            static_cast<void>(next_token());
            if (auto taken = take_object(); !taken) return taken;
            static_cast<void>(next_token());
            if (!is_at(',') && !is_at(']')) return wrong("a comma or the end of the array");
            if (body_[at_++] == ']') return {};
        }
    }

    result<> take_object() {
        if (!is_at('{')) return wrong("an object");
        auto const begin = at_;
        auto ended = skip_object();
        if (!ended) return ended;
        if (events_.size() == events_max_) return too_many(events_max_);
        events_.push_back(body_.substr(begin, at_ - begin));
        return {};
    }

    result<> skip_object() {
        open_.clear();
        for (; at_ < body_.size(); ++at_) {
            switch (body_[at_]) {
                case '{':
                    open_.push_back('}');
                    break;
                case '[':
                    open_.push_back(']');
                    break;
                case '}':
                case ']':
                    if (open_.back() != body_[at_]) return wrong(fmt::format("\"{}\"", open_.back()));
                    open_.pop_back();
                    break;
                case '"':
                    if (!skip_text()) return wrong("the end of a text");
                    break;
                default:
                    break;
            }
            if (!open_.empty()) continue;
            ++at_;
            return {};
        }
        return wrong("the end of an object");
    }

    /// From its first quote to its last one.
    bool skip_text() {
        for (++at_; at_ < body_.size(); ++at_) {
            if (body_[at_] == '"') return true;
            if (body_[at_] == '\\') ++at_;
        }
        at_ = body_.size();
        return false;
    }

    std::string_view const body_;
    std::size_t const events_max_;
    std::size_t at_ = 0;
    std::string open_;  // what closes those that are open, the innermost last
    views events_;
};

}  // namespace

result<views> split_body(std::string_view body, body_kind kind, std::size_t events_max) {
    constexpr std::string_view mark = "\xef\xbb\xbf";
    if (body.starts_with(mark)) body.remove_prefix(mark.size());
    return kind == body_kind::lines ? split_lines(body, events_max) : json_splitter{body, events_max}.split();
}

void put_on_one_line(std::span<char> object) noexcept {
    bool is_in_text = false;
    for (std::size_t i = 0; i < object.size(); ++i) {
        auto& c = object[i];
        if (c == '"') is_in_text = !is_in_text;
        if (is_in_text && c == '\\') ++i;
        if (!is_in_text && (c == '\n' || c == '\r')) c = ' ';
    }
}

}  // namespace logpipe::ingest
