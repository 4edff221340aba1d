// The figures of a stage. Each is described once, beside the code that counts it; `/metrics`, `status`, `monitor`, the
// page and docs/reference/metrics.md are made from that.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

namespace logpipe {

enum class metric_type : std::uint8_t { counter, gauge };

/// A counter starts at 0 with the process and only grows; its name, and no other, ends in `_total`. Before that stands
/// the unit: `bytes`, `seconds`, or what is counted.
struct metric {
    std::string_view name;  ///< without the prefix "logpipe_"
    metric_type type = metric_type::gauge;
    std::string_view help;     ///< a sentence that makes sense alone
    std::string_view title{};  ///< "requests in flight", where people are shown it beside the stage; else empty
};

constexpr metric counter(std::string_view name, std::string_view help, std::string_view title = {}) {
    return {name, metric_type::counter, help, title};
}
constexpr metric gauge(std::string_view name, std::string_view help, std::string_view title = {}) {
    return {name, metric_type::gauge, help, title};
}

/// A metric as a snapshot holds it, also that of another process, which sends neither type nor help.
struct metric_value {
    std::string name{};
    metric_type type = metric_type::gauge;
    std::string help{};
    std::string title{};
    double value = 0.0;
    std::string rule{};  ///< of a metric that a stage counts by its rules: which; a label of `/metrics`

    metric_value() = default;
    metric_value(metric const& what, double amount)
        : name{what.name}, type{what.type}, help{what.help}, title{what.title}, value{amount} {}
    template <class Number>
        requires std::is_integral_v<Number>
    metric_value(metric const& what, Number amount) : metric_value{what, static_cast<double>(amount)} {}
    template <class Number>
    metric_value(metric const& what, std::atomic<Number> const& amount)
        : metric_value{what, static_cast<double>(amount.load(std::memory_order_relaxed))} {}
};

}  // namespace logpipe
