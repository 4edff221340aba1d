#include "line_check.hpp"

#include "core/chunk_hash.hpp"
#include "formats/metrics.hpp"
#include "formats/normalize.hpp"

#include <algorithm>
#include <utility>

namespace logpipe::cli {

namespace {

/// Whether the transform has counted one more.
bool has_grown(stage_status const& now, metric const& what, double& before) {
    auto const found = std::ranges::find(now.metrics, what.name, &metric_value::name);
    return found != now.metrics.end() && std::exchange(before, found->value) < found->value;
}

}  // namespace

result<line_check> line_check::make(option_values const& values) {
    auto change = formats::normalize_transform.make(values);
    if (!change) return change.error();
    return line_check{*std::move(change)};
}

line_outcome line_check::run(std::string_view line, std::string const& tag, std::int64_t received_ns) {
    one_.clear();
    one_.append(one_.tag_index(tag), chunk_hash(tag, "check", line), 0, line).received_ns = received_ns;
    change_->apply(one_);
    line_outcome made;
    if (!one_.rejections.empty()) {
        made.reason = one_.rejections.front().reason;
        return made;
    }
    auto const now = change_->status();
    for (auto const& each : now.metrics)
        if (!each.rule.empty() && std::exchange(dropped_[each.rule], each.value) < each.value) made.dropped = each.rule;
    if (one_.events.empty()) return made;
    made.document = one_.payload(one_.events.front());
    made.is_raw = has_grown(now, formats::metrics::raw, raw_);
    made.is_without_fields = has_grown(now, formats::metrics::without_fields, without_fields_);
    return made;
}

}  // namespace logpipe::cli
