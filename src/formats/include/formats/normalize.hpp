// The transform: a line becomes a document, by a mapping that is data.
#pragma once

#include "logpipe/descriptor.hpp"
#include "logpipe/schema.hpp"
#include "logpipe/stage.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace logpipe::formats {

/// What the time of a document is.
enum class timestamp_from {
    receive,  ///< when the first durable stage took the event; where that is not known, as `entry`
    entry,    ///< the time that the client gave with the event; where it gave none, as `receive`
    event,    ///< the line's own time; a line without a readable one is rejected
    line,     ///< the line's own time; where it has none, as `receive`
    logged,   ///< as `line`, but of the keys that the mapping keeps: `receive` for the original's JSON
};

/// Where a field of the document comes from.
enum class field_source : std::uint8_t {
    line,         ///< the value of a key of the line; no such key: no such field
    constant,     ///< always the same text
    choice,       ///< one of several texts, picked by the event's id
    id,           ///< 32 hex digits made of the event's id
    time,         ///< the document's time, "2026-01-31T01:31:39.995Z"
    time_millis,  ///< the same in milliseconds since the Unix epoch
};

enum class conversion : std::uint8_t {
    none,        ///< the value as it is in the line
    to_number,   ///< a text that is a number becomes that number
    to_text,     ///< a number, true or false becomes a text
    to_list,     ///< a text becomes the list of its parts between commas; the spaces around them go
    to_numbers,  ///< a text of several numbers, as nginx's $upstream_response_time, becomes a list; one stays one
};

struct mapped_field {
    std::string path;  ///< in the document: "event.request" is the member `request` of the object `event`
    field_source from = field_source::line;
    /// Of the line, the same thing under several names: the first of them that the line has gives the value. A dot also
    /// goes into an object of the line.
    std::vector<std::string> keys;
    /// Where the line has none of `keys`: the texts of these, each under one of several names, with a space between
    /// them. At least the first two must be there.
    std::vector<std::vector<std::string>> joined;
    std::string constant;
    std::vector<std::string> choices;  ///< at least one
    conversion convert = conversion::none;
    conversion convert_others = conversion::none;  ///< of the values under all of `keys` but the first
    bool scalar = false;    ///< an object, or a list of objects, is not a value: it is among the line's other keys
    bool optional = false;  ///< a line that has no other field is none of this mapping's

    friend bool operator==(mapped_field const&, mapped_field const&) = default;
};

/// How a text is a time.
enum class time_format : std::uint8_t {
    access,  ///< "17/May/2015:08:05:32 +0000", as access logs have it
    iso,     ///< RFC 3339
    any,     ///< either, nginx's "2015/05/17 08:05:32", or seconds, milli-, micro- or nanoseconds since the Unix epoch
};

/// Texts of a line that are several values: "GET / HTTP/1.1".
struct line_split {
    std::vector<std::string> keys;  ///< of the line, the best first
    std::string by;
    /// Keys that the line then has instead: one for each part, empty for a part that is not kept. A text of more or
    /// fewer parts stays whole.
    std::vector<std::string> into;

    friend bool operator==(line_split const&, line_split const&) = default;
};

/// What a document shows of a value.
enum class redaction_kind : std::uint8_t {
    drop,  ///< nothing
    mask,  ///< of an IP address the network, of anything else that it is there
    hash,  ///< the same for equal values, by a key that the document's readers do not have
};

struct redaction {
    std::string field;  ///< a name or path of the document, or a key of the line
    redaction_kind how = redaction_kind::drop;
    std::string key_file{};            ///< of a hash
    std::vector<std::string> names{};  ///< where the value may be in a document, at any depth

    friend bool operator==(redaction const&, redaction const&) = default;
};

enum class rule_test : std::uint8_t { equals, begins, contains };

/// Documents that are left out.
struct drop_rule {
    std::string name;
    std::string field;  ///< a name or path of the document, or a key of the line
    rule_test test = rule_test::equals;
    std::vector<std::string> texts{};   ///< any of them
    double keep = 0;                    ///< so many stay, 0 to 1
    std::vector<std::string> places{};  ///< where the value may be in a document, the best first

    friend bool operator==(drop_rule const&, drop_rule const&) = default;
};

/// Fields of a line → a document: rename, nest, convert, add, drop, parse the time.
struct mapping {
    static constexpr std::size_t choices_max = 1'000;     ///< of one field
    static constexpr std::size_t text_bytes_max = 4'096;  ///< of each name and text
    static constexpr std::size_t redactions_max = 64;
    static constexpr std::size_t rules_max = 64;

    std::string name;
    std::string format = "json";         ///< how bytes become fields; fault_of_format() finds nothing wrong with it
    std::vector<mapped_field> fields;    ///< in the document's order; those of one object stand together
    std::vector<line_split> splits{};    ///< in this order, so a part may be split as well
    std::vector<std::string> dropped;    ///< keys of the line that are removed
    std::vector<std::string> time_keys;  ///< keys for the event's own time, the best first; empty: none
    time_format time = time_format::access;
    /// Keys of a JSON line whose text is the line that another program wrapped: where none of the fields are beside it.
    std::vector<std::string> within;
    /// Keys of a line that wraps another: their texts tell streams apart, of which each has one format.
    std::vector<std::string> streams;
    std::vector<std::string> objects;  ///< objects of the line whose members count as the line's own
    /// The object that takes the line's other keys; empty: they are at the top level, after all others.
    std::string rest;
    bool drops_rest = false;
    /// At the top level, a key of the line that has the name of one of the document's own stays with this after its
    /// name.
    std::string clash_suffix = "_original";
    std::vector<drop_rule> rules{};  ///< the first that fits decides
    std::vector<redaction> redactions{};

    friend bool operator==(mapping const&, mapping const&) = default;
};

/// What one TOML file says: how a line becomes a document, and what the document's fields are.
struct document_mapping {
    mapping table;
    schema documents;

    friend bool operator==(document_mapping const&, document_mapping const&) = default;
};

/// @param path  for the messages
/// @return errc::invalid_argument with the position of each mistake, "nginx.toml:7: unknown key …"
[[nodiscard]] result<document_mapping> parse_mapping(std::string_view toml, std::string const& path);
/// Of at most 1 MiB. @return as parse_mapping(), or errc::not_found
[[nodiscard]] result<document_mapping> read_mapping(std::string const& path);
/// parse_mapping() makes the same of it again.
[[nodiscard]] std::string to_toml(document_mapping const& what);
/// The built-in one, of nginx's access logs.
[[nodiscard]] document_mapping const& nginx_mapping();
/// Those that --mapping knows by name.
[[nodiscard]] std::vector<std::string_view> built_in_mapping_names();
/// @return null: there is none of that name
[[nodiscard]] document_mapping const* built_in_mapping(std::string_view name);

/// The formats that have a name: how bytes become fields.
[[nodiscard]] std::vector<std::string_view> format_names();
/// @param format  one of format_names(), or a log_format string of nginx, which has a $ in it
/// @return what is wrong with it; empty: nothing
[[nodiscard]] std::string fault_of_format(std::string_view format);

/// Of the lines of a file, whose path their tag ends with.
struct file_format {
    std::string path;    ///< as path_tag() writes it (core/path_tag.hpp); `*` is any text
    std::string name;    ///< for people
    std::string format;  ///< as mapping::format, but not auto

    friend bool operator==(file_format const&, file_format const&) = default;
};

struct normalize_options {
    mapping table = nginx_mapping().table;
    timestamp_from timestamp = timestamp_from::receive;
    std::size_t line_bytes_max = std::size_t{8} << 20U;  ///< a longer line is rejected
    std::vector<std::string> redaction_keys{};           ///< read_redaction_keys() of the table
    /// Instead of the table's format; the first that fits.
    std::vector<file_format> file_formats{};
    bool strict_lines = false;  ///< what is not UTF-8, or JSON but for \xNN, is rejected instead of mended
};

/// Of each redaction the key; empty where it has none.
/// @return errc::invalid_argument where a file cannot be read, or holds less than 16 bytes
[[nodiscard]] result<std::vector<std::string>> read_redaction_keys(mapping const& table);

/// Writes a document for each event into `batch::documents`; what its format cannot read it rejects as stage
/// "normalize". The documents are a function of the lines, ids and times alone: the same again for a replay.
[[nodiscard]] std::unique_ptr<transform> make_normalize(normalize_options options);

/// --mapping, or the built-in one; with --regions.
/// @return errc::invalid_argument with each mistake of the file
[[nodiscard]] result<document_mapping> mapping_of(option_values const& values);

extern transform_descriptor const normalize_transform;

}  // namespace logpipe::formats
