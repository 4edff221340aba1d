#include "line_record.hpp"

#include "base/json_text.hpp"
#include "base/utf8.hpp"

namespace logpipe {

namespace {
constexpr std::string_view replacement = "\xef\xbf\xbd";
}

std::string_view well_formed(std::string_view text, std::string& buffer) {
    if (is_utf8(text)) return text;
    buffer.clear();
    for (auto const *at = text.data(), *const end = at + text.size(); at != end;) {
        auto const bytes = utf8_sequence_bytes(at, end);
        buffer.append(bytes == 0 ? replacement : std::string_view{at, bytes});
        at += bytes == 0 ? 1 : bytes;
    }
    return buffer;
}

line_record::line_record(container_info const& of) {
    std::string front = "{";
    auto const field = [&](std::string_view name, std::string_view value) {
        append_json_string(front, name);
        front.push_back(':');
        append_json_string(front, well_formed(value, clean_));
        front.push_back(',');
    };
    field("service", of.service);
    field("container", of.name);
    field("container_id", of.id);
    fronts_[0] = front + R"("stream":"stdout","line":)";
    fronts_[1] = front + R"("stream":"stderr","line":)";
}

std::string_view line_record::of(log_line const& line) {
    record_ = fronts_[static_cast<std::size_t>(line.stream)];
    append_json_string(record_, well_formed(line.text, clean_));
    record_.push_back('}');
    return record_;
}

}  // namespace logpipe
