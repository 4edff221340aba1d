#include "core/json_writer.hpp"

#include "core/clean_text.hpp"
#include "core/json_text.hpp"
#include "core/number_text.hpp"
#include "core/utf8.hpp"

#include <cmath>

namespace logpipe {

void append_json(std::string& out, std::string_view text) {
    if (is_utf8(text))
        append_json_string(out, text);
    else
        append_json_string(out, clean_utf8(text));
}

void append_json(std::string& out, double value) {
    out.append(std::isfinite(value) ? number_text(value) : "null");
}

std::string& json_object::at(std::string_view key) {
    if (!first_) out_.push_back(',');
    first_ = false;
    append_json(out_, key);
    out_.push_back(':');
    return out_;
}

std::string& json_array::next() {
    if (!first_) out_.push_back(',');
    first_ = false;
    return out_;
}

}  // namespace logpipe
