#include "engine_json.hpp"

#include "core/clean_text.hpp"

#include <fmt/format.h>
#include <boost/json.hpp>

namespace logpipe::docker {

namespace {

namespace json = boost::json;

constexpr std::size_t message_bytes_max = 300;

error unreadable(std::string_view what) {
    return {errc::protocol, fmt::format("the engine's response cannot be parsed: {}", what)};
}

result<json::value> parse(std::string_view text) {
    boost::system::error_code failed;
    json::parse_options how;
    how.max_depth = 64;
    auto value = json::parse(text, failed, {}, how);
    if (failed) return unreadable(failed.message());
    return value;
}

json::value const* find(json::value const* in, std::string_view key) {
    auto const* object = in == nullptr ? nullptr : in->if_object();
    return object == nullptr ? nullptr : object->if_contains(key);
}

std::string text_at(json::value const* in, std::string_view key) {
    auto const* value = find(in, key);
    auto const* text = value == nullptr ? nullptr : value->if_string();
    return text == nullptr ? std::string{} : std::string{*text};
}

bool is_true_at(json::value const* in, std::string_view key) {
    auto const* value = find(in, key);
    auto const* flag = value == nullptr ? nullptr : value->if_bool();
    return flag != nullptr && *flag;
}

/// An id goes into the path of a request.
bool is_id(std::string_view text) {
    return !text.empty() && text.size() <= 128 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::string percent_encoded(std::string_view text) {
    std::string out;
    for (char const c : text) {
        bool const plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                           c == '.' || c == '_' || c == '~';
        if (plain) {
            out.push_back(c);
        } else {
            out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
        }
    }
    return out;
}

std::string encoded_filters(json::object filters, std::span<std::string const> labels) {
    if (!labels.empty()) filters["label"] = json::array(labels.begin(), labels.end());
    return percent_encoded(json::serialize(filters));
}

}  // namespace

result<std::vector<std::string>> parse_container_list(std::string_view text) {
    auto const parsed = parse(text);
    if (!parsed) return parsed.error();
    auto const* list = parsed->if_array();
    if (list == nullptr) return unreadable("no list of containers");
    std::vector<std::string> ids;
    for (auto const& each : *list) {
        auto id = text_at(&each, "Id");
        if (!is_id(id)) return unreadable("a container without an id");
        ids.push_back(std::move(id));
    }
    return ids;
}

result<container_info> parse_container(std::string_view text) {
    auto const parsed = parse(text);
    if (!parsed) return parsed.error();
    auto const* config = find(&*parsed, "Config");
    auto const* state = find(&*parsed, "State");
    container_info info{.id = text_at(&*parsed, "Id"),
                        .name = text_at(&*parsed, "Name"),
                        .service = text_at(find(config, "Labels"), "com.docker.compose.service"),
                        .image = text_at(config, "Image"),
                        .terminal = is_true_at(config, "Tty"),
                        .running = is_true_at(state, "Running"),
                        .restarting = is_true_at(state, "Restarting"),
                        .started_at = text_at(state, "StartedAt")};
    if (!is_id(info.id) || info.name.empty()) return unreadable("a container without an id or a name");
    if (info.name.starts_with('/')) info.name.erase(0, 1);
    if (info.service.empty()) info.service = info.name;
    return info;
}

result<engine_event> parse_engine_event(std::string_view text) {
    auto const parsed = parse(text);
    if (!parsed) return parsed.error();
    engine_event event{.action = text_at(&*parsed, "Action"), .id = text_at(find(&*parsed, "Actor"), "ID")};
    if (event.action.empty() || !is_id(event.id)) return unreadable("an event without an action or an id");
    return event;
}

std::string parse_engine_message(std::string_view body) {
    auto const parsed = parse(body);
    auto const message = parsed ? text_at(&*parsed, "message") : std::string{};
    return clean_line(message.empty() ? body.substr(0, message_bytes_max)
                                      : std::string_view{message}.substr(0, message_bytes_max));
}

std::string list_filters(std::span<std::string const> labels) {
    return encoded_filters({}, labels);
}

std::string event_filters(std::span<std::string const> labels) {
    return encoded_filters({{"type", {"container"}}, {"event", {"start", "destroy"}}}, labels);
}

}  // namespace logpipe::docker
