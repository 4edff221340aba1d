#include "json_fields.hpp"

#include "base/clean_text.hpp"
#include "level.hpp"

#include <algorithm>
#include <array>

namespace logpipe {

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

std::string_view entry_reader::level_of(std::string_view line) {
    if (!line.starts_with('{')) return level_of_text(line);
    ondemand::document document;
    ondemand::object object;
    if (line_parser_.iterate(padded_copy(line, line_)).get(document) || document.get_object().get(object))
        return level_of_text(line);
    for (auto field : object) {
        std::string_view key;
        ondemand::value value;
        if (field.unescaped_key().get(key) || field.value().get(value)) return "unknown";
        if (std::ranges::find(level_keys, key) == level_keys.end()) continue;
        std::string_view name;
        std::int64_t number = 0;
        if (!value.get_string().get(name)) return level_of_name(name).empty() ? "unknown" : level_of_name(name);
        if (!value.get_int64().get(number) && !level_of_number(number).empty()) return level_of_number(number);
    }
    return "unknown";
}

}  // namespace logpipe
