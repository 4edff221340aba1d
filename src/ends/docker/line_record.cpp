#include "line_record.hpp"

#include "core/clean_text.hpp"
#include "core/json_text.hpp"

namespace logpipe::docker {

line_record::line_record(container_info const& of) {
    std::string front = "{";
    auto const field = [&](std::string_view name, std::string_view value) {
        append_json_string(front, name);
        front.push_back(':');
        append_json_string(front, well_formed_utf8(value, clean_));
        front.push_back(',');
    };
    field("service", of.service);
    field("container", of.name);
    field("container_id", of.id);
    fronts_[0] = front + R"("stream":"stdout","line":)";
    fronts_[1] = front + R"("stream":"stderr","line":)";
}

std::string_view line_record::of(engine_line const& line) {
    record_ = fronts_[static_cast<std::size_t>(line.stream)];
    append_json_string(record_, well_formed_utf8(line.text, clean_));
    record_.push_back('}');
    return record_;
}

}  // namespace logpipe::docker
