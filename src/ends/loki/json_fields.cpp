#include "json_fields.hpp"

#include "core/clean_text.hpp"
#include "level.hpp"

#include <algorithm>
#include <array>

namespace logpipe::loki {

namespace {

namespace ondemand = simdjson::ondemand;

simdjson::padded_string_view padded_copy(std::string_view text, std::string& buffer) {
    buffer.assign(text);
    buffer.append(simdjson::SIMDJSON_PADDING, '\0');
    return simdjson::padded_string_view{buffer.data(), text.size(), buffer.size()};
}

constexpr std::array level_keys{std::string_view{"level"},     std::string_view{"lvl"},
                                std::string_view{"severity"},  std::string_view{"levelname"},
                                std::string_view{"log.level"}, std::string_view{"@level"}};

/// As pino and bunyan count: 10 is trace, 60 fatal.
std::string_view level_of_number(std::int64_t number) noexcept {
    constexpr std::array<std::string_view, 6> levels{"trace", "debug", "info", "warn", "error", "fatal"};
    if (number < 10 || number > 60 || number % 10 != 0) return {};
    return levels[static_cast<std::size_t>(number / 10 - 1)];
}

bool is_level_key(std::string_view key) noexcept {
    return std::ranges::find(level_keys, key) != level_keys.end();
}

/// Empty where it is none of a level's names or numbers.
std::string_view level_of_value(ondemand::value& value) {
    std::string_view name;
    std::int64_t number = 0;
    if (!value.get_string().get(name)) return level_of_name(name).empty() ? "unknown" : level_of_name(name);
    return value.get_int64().get(number) ? std::string_view{} : level_of_number(number);
}

/// Of the keys of the object itself, else of the first object in it that has one; empty where there is none.
std::string_view level_of_object(ondemand::object object, int depth) {  // NOLINT(misc-no-recursion): `depth` bounds it
    constexpr int depth_max = 3;
    std::string_view nested;
    for (auto field : object) {
        std::string_view key;
        ondemand::value value;
        ondemand::object inner;
        if (field.unescaped_key().get(key) || field.value().get(value)) break;
        if (is_level_key(key)) {
            if (auto const level = level_of_value(value); !level.empty()) return level;
        }
        if (nested.empty() && depth < depth_max && !value.get_object().get(inner))
            nested = level_of_object(inner, depth + 1);
    }
    return nested;
}

/// Of a line that begins as JSON and is cut off, as the first piece of a long one: by the first such key.
std::string_view level_of_piece(std::string_view line) noexcept {
    auto const skip_spaces = [&](std::size_t at) { return std::min(line.find_first_not_of(' ', at), line.size()); };
    for (auto at = line.find('"'); at != std::string_view::npos; at = line.find('"', at + 1)) {
        auto const key = line.substr(at + 1, line.find('"', at + 1) - at - 1);
        if (!is_level_key(key)) continue;
        auto const colon = skip_spaces(at + key.size() + 2);
        auto const open = colon < line.size() && line[colon] == ':' ? skip_spaces(colon + 1) : line.size();
        if (open >= line.size() || line[open] != '"') continue;
        auto const close = line.find('"', open + 1);
        if (close == std::string_view::npos) break;
        if (auto const level = level_of_name(line.substr(open + 1, close - open - 1)); !level.empty()) return level;
    }
    return "unknown";
}

bool begins_as_json(std::string_view line) noexcept {
    if (!line.starts_with('{')) return false;
    auto const first = line.find_first_not_of(" \t", 1);
    return first != std::string_view::npos && (line[first] == '"' || line[first] == '}');
}

}  // namespace

log_entry entry_reader::read(std::string_view payload, std::string_view tag) {
    log_entry entry;
    if (!read_record(payload, entry))
        entry = {.service = tag,
                 .container = {},
                 .container_id = {},
                 .stream = {},
                 .line = well_formed_utf8(payload, clean_),
                 .level = {}};
    entry.level = level_of(entry.line);
    return entry;
}

bool entry_reader::read_record(std::string_view payload, log_entry& into) {
    if (!payload.starts_with('{')) return false;
    ondemand::document document;
    if (record_parser_.iterate(padded_copy(payload, record_)).get(document)) return false;
    ondemand::object object;
    if (document.get_object().get(object)) return false;
    struct wanted {
        std::string_view key;
        std::string_view* into;
    };
    // In the order in which docker_source writes them; every other object is somebody else's.
    std::array const fields{wanted{"service", &into.service}, wanted{"container", &into.container},
                            wanted{"container_id", &into.container_id}, wanted{"stream", &into.stream},
                            wanted{"line", &into.line}};
    std::size_t read = 0;
    for (auto field : object) {
        std::string_view key;
        if (read == fields.size() || field.unescaped_key().get(key) || key != fields[read].key ||
            field.value().get_string().get(*fields[read].into))
            return false;
        ++read;
    }
    return read == fields.size();
}

/// The format decides before words do: what a JSON line's message says is not searched.
std::string_view entry_reader::level_of(std::string_view line) {
    auto const plain = without_escapes(line, plain_);
    auto const text = plain.substr(std::min(plain.find_first_not_of(" \t"), plain.size()));
    if (!begins_as_json(text)) return level_of_text(text);
    ondemand::document document;
    ondemand::object object;
    if (line_parser_.iterate(padded_copy(text, line_)).get(document) || document.get_object().get(object))
        return level_of_piece(text);
    auto const level = level_of_object(object, 0);
    return level.empty() ? "unknown" : level;
}

}  // namespace logpipe::loki
