// What the fields of a document are. The embedded store, the index template, the dashboards and the page read it; none
// of them names a field by itself.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace logpipe {

/// What the values of a field are. A value of another kind stays in the document and is not indexed.
enum class field_type : std::uint8_t {
    text,
    ip,
    integer,       ///< 32 bits
    long_integer,  ///< 64 bits
    decimal,
    time,    ///< "2026-01-31T01:31:39.995Z"
    millis,  ///< milliseconds since the Unix epoch
};

struct schema_field {
    std::string path;  ///< in the document: "client.address" is the member `address` of the object `client`
    field_type type = field_type::text;
    std::string name;    ///< in filters and addresses, "address"
    std::string title;   ///< above its values, "Addresses"
    std::string column;  ///< of the store
    std::string ecs;     ///< its name in the Elastic Common Schema, "client.ip"; empty: none

    friend bool operator==(schema_field const&, schema_field const&) = default;
};

/// A value. All lists and roles are indices of `fields`. Made by reading a mapping, which checks it: names, paths and
/// columns are unique, lists and roles name fields whose type fits, and the limits below hold.
struct schema {
    static constexpr std::size_t fields_max = 256;
    static constexpr std::size_t depth_max = 4;  ///< names in a path
    static constexpr std::size_t columns_max = 32;
    static constexpr std::size_t facets_max = 16;   ///< each costs rows by minute, hour and day in the store
    static constexpr std::size_t searched_max = 8;  ///< texts of the full-text index

    std::string title;                 ///< of the documents, "Nginx logs"
    std::vector<schema_field> fields;  ///< in the document's order

    // The embedded store. Other orders of these are another store.
    std::vector<std::size_t> columns;
    std::vector<std::size_t> facets;    ///< of `columns`: counted by value
    std::vector<std::size_t> searched;  ///< of `columns`: the full-text index
    std::optional<std::size_t> time;    ///< the document's time, of type millis
    std::optional<std::size_t> status;  ///< of `facets`: HTTP's status, counted by class as well
    std::optional<std::size_t> size;    ///< of `columns`: summed up, in bytes

    // The page.
    std::vector<std::size_t> tops;      ///< of `facets`: lists of the most frequent values
    std::vector<std::size_t> listed;    ///< columns of the table of lines, after the time
    std::optional<std::size_t> unique;  ///< of `facets`: how many values there are is a figure

    friend bool operator==(schema const&, schema const&) = default;
};

}  // namespace logpipe
