#include "push_request.hpp"

#include "core/json_text.hpp"

#include <fmt/format.h>

namespace logpipe::loki {

namespace {

void append_field(std::string& out, std::string_view name, std::string_view value) {
    if (value.empty()) return;  // to Loki an empty label is none
    if (out.back() != '{') out.push_back(',');
    append_json_string(out, name);
    out.push_back(':');
    append_json_string(out, value);
}

void write_labels(std::string& out, log_entry const& of) {
    out.assign(1, '{');
    append_field(out, "service", of.service);
    append_field(out, "container", of.container);
    append_field(out, "stream", of.stream);
    append_field(out, "level", of.level);
    append_field(out, "topic", of.service);
    out.push_back('}');
}

}  // namespace

/// @return false when it is that of "other".
bool push_request::label(log_entry const& entry, steady_time now) {
    write_labels(labels_, entry);
    if (streams_.admit(labels_, now)) return true;
    write_labels(
        labels_,
        {.service = "other", .container = "other", .container_id = {}, .stream = {}, .line = {}, .level = entry.level});
    return false;
}

std::string const& push_request::stream_of(log_entry const& entry, steady_time now) {
    static_cast<void>(label(entry, now));  // whichever it is
    return labels_;
}

/// Of the labels that were looked up last.
std::string& push_request::values() {
    auto const [at, is_new] = indexes_.try_emplace(labels_, bodies_.size());
    if (!is_new) {
        bodies_[at->second].push_back(',');
    } else {
        bodies_.push_back(fmt::format(R"({{"stream":{},"values":[)", labels_));
    }
    return bodies_[at->second];
}

bool push_request::add(log_entry const& entry, std::int64_t time_ns, steady_time now) {
    bool const fits = label(entry, now);
    auto& out = values();
    fmt::format_to(std::back_inserter(out), R"(["{}",)", time_ns);
    append_json_string(out, entry.line);
    if (structured_metadata_ && (!entry.container_id.empty() || !fits)) {
        out.append(",{");
        append_field(out, "container_id", entry.container_id);
        if (!fits) {
            append_field(out, "service_is", entry.service);
            append_field(out, "container_is", entry.container);
        }
        out.push_back('}');
    }
    out.push_back(']');
    return fits;
}

std::string push_request::finish() {
    std::string body = R"({"streams":[)";
    for (std::size_t i = 0; i < bodies_.size(); ++i) {
        if (i != 0) body.push_back(',');
        body.append(bodies_[i]).append("]}");
    }
    body.append("]}");
    indexes_.clear();
    bodies_.clear();
    return body;
}

}  // namespace logpipe::loki
