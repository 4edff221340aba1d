// The mapping of our documents as JSON, and how a live one differs from it. No I/O.
#pragma once

#include "index_pattern.hpp"

#include "logpipe/schema.hpp"
#include "opensearch/opensearch.hpp"

#include <boost/json/object.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace logpipe::opensearch {

/// Grows when the template below changes.
inline constexpr std::int64_t template_version = 2;

/// Where documents go.
struct target_index {
    index_pattern pattern;
    schema documents;
    index_settings settings;

    /// In requests: the name, or an expression for all indices.
    [[nodiscard]] std::string expression() const { return pattern.expression(); }
    /// One of them, to ask for what a new one would be.
    [[nodiscard]] std::string example() const;
    /// For readers; empty: none.
    [[nodiscard]] std::string alias() const;
};

[[nodiscard]] std::string template_name(index_pattern const& pattern);
/// Our own, or also those of the Elastic Common Schema, as aliases.
enum class field_names { own, own_and_ecs };
/// The body of `PUT _index_template/…`.
[[nodiscard]] boost::json::object make_template(target_index const& index, field_names names);

struct mapping_difference {
    /// `{"properties":…}` of what the live mapping lacks, and can be given; empty where it lacks nothing.
    boost::json::object missing;
    std::vector<std::string> fields;     ///< of `missing`: those that documents have, "a.b: long"
    std::vector<std::string> aliases;    ///< of `missing`: other names for them, "c: alias of a.b"
    std::vector<std::string> conflicts;  ///< what only a new index can change, a line each
};
/// @param live  `mappings` of one index
[[nodiscard]] mapping_difference compare_mapping(boost::json::object const& wanted, boost::json::object const& live);

}  // namespace logpipe::opensearch
