// A small judge of the Prometheus text exposition format 0.0.4, by its grammar, independent of what writes it.
// https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
#pragma once

#include <cctype>
#include <cstdlib>
#include <map>
#include <sstream>
#include <string>
#include <string_view>

namespace logpipe {

class prometheus_text final {
  public:
    explicit prometheus_text(std::string const& text) {
        if (text.empty() || text.back() != '\n') fail("does not end in a line feed", "");
        std::istringstream lines{text};
        for (std::string line; std::getline(lines, line);) take_line(line);
    }

    /// The first thing that is wrong; empty where all is well.
    [[nodiscard]] std::string const& problem() const { return problem_; }
    /// By "name{label="value"}" as it stands in the text; "none" where there is no such sample.
    [[nodiscard]] std::string value(std::string const& series) const {
        auto const found = samples_.find(series);
        return found == samples_.end() ? "none" : found->second;
    }
    [[nodiscard]] std::string type(std::string const& family) const {
        auto const found = types_.find(family);
        return found == types_.end() ? "none" : found->second;
    }

  private:
    void fail(std::string const& what, std::string const& line) {
        if (problem_.empty()) problem_ = what + ": " + line;
    }

    void take_line(std::string const& line) {
        if (line.starts_with("# HELP ")) return take_head(line, 7, helps_);
        if (line.starts_with("# TYPE ")) return take_head(line, 7, types_);
        if (line.empty() || line.front() == '#') return fail("is neither head nor sample", line);
        take_sample(line);
    }

    void take_head(std::string const& line, std::size_t begin, std::map<std::string, std::string>& heads) {
        auto const space = line.find(' ', begin);
        if (space == std::string::npos) return fail("head without text", line);
        auto const name = line.substr(begin, space - begin);
        auto const text = line.substr(space + 1);
        if (text.empty()) fail("head without text", line);
        if (!heads.emplace(name, text).second) fail("a second head of one family", line);
        if (&heads == &types_ && text != "counter" && text != "gauge" && text != "histogram")
            fail("unknown type", line);
        if (&heads == &types_ && (text == "counter") != name.ends_with("_total"))
            fail("a counter's name ends in _total, and no other's", line);
        family_ = name;  // heads are unique, so samples that must follow their own head also stand together
    }

    void take_sample(std::string const& line) {
        std::size_t at = 0;
        auto name = word(line, at);
        // A histogram's samples are those of its family with these endings.
        if (types_.contains(family_) && types_.at(family_) == "histogram")
            for (std::string_view const ending : {"_bucket", "_sum", "_count"})
                if (name == family_ + std::string{ending}) name = family_;
        if (name != family_) fail("sample outside its family", line);
        if (!helps_.contains(name) || !types_.contains(name)) fail("sample without HELP or TYPE", line);
        if (at < line.size() && line[at] == '{') take_labels(line, at);
        auto const series = line.substr(0, at);
        if (at >= line.size() || line[at] != ' ') return fail("no space before the value", line);
        auto const text = line.substr(at + 1);
        char* end = nullptr;
        static_cast<void>(std::strtod(text.c_str(), &end));
        bool const number = !text.empty() && *end == '\0';
        if (!number && text != "NaN" && text != "+Inf" && text != "-Inf") fail("the value is no number", line);
        if (!samples_.emplace(series, text).second) fail("a second sample of one series", line);
    }

    void take_labels(std::string const& line, std::size_t& at) {
        do {
            ++at;  // "{" or ","
            if (word(line, at).empty()) return fail("no label name", line);
            if (line.compare(at, 2, "=\"") != 0) return fail("label without value", line);
            for (at += 2; at < line.size() && line[at] != '"'; ++at) {
                if (line[at] != '\\') continue;
                ++at;
                if (at >= line.size() || !std::string_view{"\\\"n"}.contains(line[at])) fail("bad escape", line);
            }
            ++at;
        } while (at < line.size() && line[at] == ',');
        if (at >= line.size() || line[at] != '}') return fail("labels are not closed", line);
        ++at;
    }

    static std::string word(std::string const& line, std::size_t& at) {
        auto const begin = at;
        while (at < line.size() && (std::isalnum(static_cast<unsigned char>(line[at])) != 0 || line[at] == '_')) ++at;
        if (at > begin && std::isdigit(static_cast<unsigned char>(line[begin])) != 0) return {};
        return line.substr(begin, at - begin);
    }

    std::string problem_;
    std::string family_;
    std::map<std::string, std::string> helps_;
    std::map<std::string, std::string> types_;
    std::map<std::string, std::string> samples_;
};

}  // namespace logpipe
