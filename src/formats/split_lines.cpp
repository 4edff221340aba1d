// Texts of a line that are several values, as a mapping's [[split]] says.
#include "core/json_text.hpp"
#include "line_mapper.hpp"
#include "text/lists.hpp"

#include <string>
#include <vector>

namespace logpipe::formats {

bool line_mapper::split_texts() {
    for (auto const& each : plan_.splits()) {
        auto const value = fields_.values[each.slot];
        if (value.data() != nullptr && !split(each, value)) return false;
    }
    return true;
}

bool line_mapper::split(split_text const& what, std::string_view value) {
    auto const& source = plan_.keys()[fields_.keys[what.slot]];
    auto const parts = value.front() == '"' ? parts_of(value, what.by) : std::vector<std::string>{};
    if (parts.size() != what.into.size())
        return what.is_field || source.text.contains('.') || add_key_to_rest(source, value);
    for (std::size_t i = 0; i < parts.size(); ++i) {
        if (what.into[i] == plan::none) continue;
        auto& made = made_.add();
        append_json_string(made, parts[i]);
        auto const& key = plan_.keys()[what.into[i]];
        auto const text = made_texts::view(made);
        // What the line says itself is better than what is made of it.
        bool const is_known = key.slot != known_key::no_slot && fields_.values[key.slot].data() != nullptr;
        if (is_known) continue;
        if (!(key.slot == known_key::no_slot ? add_key_to_rest(key, text) : fill(what.into[i], text, true)))
            return false;
    }
    return true;
}

}  // namespace logpipe::formats
