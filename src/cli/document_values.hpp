// The values of a document by their paths, "event.response" → 200.
#pragma once

#include <boost/json/value.hpp>

#include <string>
#include <string_view>

namespace logpipe::cli {

/// Objects are looked into, lists are values. `visit(std::string const& path, boost::json::value const&)` for each, in
/// the document's order.
template <class Visit>
void visit_values(boost::json::value const& of, std::string const& path, Visit&& visit) {
    auto const* object = of.if_object();
    if (object == nullptr || (object->empty() && !path.empty())) return visit(path, of);
    for (auto const& member : *object)
        visit_values(member.value(), (path.empty() ? path : path + '.') + std::string{std::string_view{member.key()}},
                     visit);
}

}  // namespace logpipe::cli
