#include "positions_file.hpp"

#include "core/json_writer.hpp"
#include "core/log.hpp"

#include <fmt/format.h>
#include <boost/json.hpp>

namespace logpipe::docker {

namespace {

namespace json = boost::json;

constexpr int version_written = 1;
constexpr std::size_t file_bytes_max = std::size_t{64} << 20U;

template <class Number>
bool read(json::object const& from, std::string_view key, Number& into) {
    auto const* value = from.if_contains(key);
    boost::system::error_code failed;
    if (value == nullptr) return false;
    into = value->to_number<Number>(failed);
    return !failed;
}

bool read_position(json::object const& from, std::string_view key, stream_position& into) {
    auto const* value = from.if_contains(key);
    auto const* pair = value == nullptr ? nullptr : value->if_array();
    if (pair == nullptr || pair->size() != 2) return false;
    boost::system::error_code bad_time;
    boost::system::error_code bad_count;
    into.time_ns = (*pair)[0].to_number<std::int64_t>(bad_time);
    into.count = (*pair)[1].to_number<std::uint32_t>(bad_count);
    return !bad_time && !bad_count && into.time_ns >= 0;
}

bool read_containers(json::value const* from, std::map<std::string, container_position>& into) {
    auto const* containers = from == nullptr ? nullptr : from->if_object();
    if (containers == nullptr) return false;
    for (auto const& [id, value] : *containers) {
        auto const* streams = value.if_object();
        container_position position;
        if (streams == nullptr || !read_position(*streams, "stdout", position.streams[0]) ||
            !read_position(*streams, "stderr", position.streams[1]))
            return false;
        into.emplace(id, position);
    }
    return true;
}

bool read_counts(json::value const* from, event_counts& into) {
    auto const* counts = from == nullptr ? nullptr : from->if_object();
    // Files of before have no `dropped`.
    if (counts != nullptr) static_cast<void>(read(*counts, "dropped", into.dropped));
    return counts != nullptr && read(*counts, "in", into.in) && read(*counts, "indexed", into.indexed) &&
           read(*counts, "already_there", into.duplicates) && read(*counts, "dead", into.dead);
}

}  // namespace

std::string to_json(positions const& what) {
    std::string out;
    {
        json_object whole{out};
        whole.add("version", version_written);
        {
            auto counts = whole.object("counts");
            counts.add("in", what.counts.in);
            counts.add("indexed", what.counts.indexed);
            counts.add("already_there", what.counts.duplicates);
            counts.add("dead", what.counts.dead);
            counts.add("dropped", what.counts.dropped);
        }
        auto containers = whole.object("containers");
        for (auto const& [id, position] : what.containers) {
            auto one = containers.object(id);
            for (auto const& [name, stream] :
                 {std::pair{"stdout", &position.streams[0]}, std::pair{"stderr", &position.streams[1]}}) {
                auto pair = one.array(name);
                pair.add(stream->time_ns);
                pair.add(stream->count);
            }
        }
    }
    out.push_back('\n');
    return out;
}

result<positions> parse_positions(std::string_view text) {
    boost::system::error_code failed;
    auto const parsed = json::parse(text, failed);
    auto const* object = failed ? nullptr : parsed.if_object();
    int version = 0;
    if (object == nullptr || !read(*object, "version", version))
        return error{errc::corrupt, "it is not a positions file"};
    if (version > version_written)
        return error{errc::invalid_argument,
                     fmt::format("it is of version {}, written by a newer logpipe; this one knows {}", version,
                                 version_written)};
    positions out;
    if (!read_counts(object->if_contains("counts"), out.counts) ||
        !read_containers(object->if_contains("containers"), out.containers))
        return error{errc::corrupt, "it is damaged"};
    return out;
}

result<positions> load_positions(file_system& files, std::string const& path) {
    auto const text = read_file(files, path, file_bytes_max);
    if (!text && text.error().code == errc::not_found) return positions{};
    if (!text) return text.error();
    auto parsed = parse_positions(*text);
    if (parsed) return parsed;
    if (parsed.error().code != errc::corrupt) return in_context(path, parsed.error());
    if (auto aside = files.rename(path, path + ".bad"); !aside) return aside.error();
    log_error("docker_source: {}: {}; it is now {}.bad, and what the engine still has is read from its beginning", path,
              parsed.error().message, path);
    return positions{};
}

result<> store_positions(file_system& files, std::string const& path, positions const& what) {
    auto stored = store_file(files, path, to_json(what));
    if (stored || stored.error().code != errc::not_found) return stored;
    if (auto made = make_lasting_folder(files, folder_of(path)); !made) return made;
    return store_file(files, path, to_json(what));
}

}  // namespace logpipe::docker
