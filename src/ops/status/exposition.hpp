// The Prometheus text exposition format 0.0.4: families of samples, each with one HELP and one TYPE line.
// https://prometheus.io/docs/instrumenting/exposition_formats/
#pragma once

#include "logpipe/latency.hpp"
#include "status/process_metrics.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace logpipe::status {

using metric_label = std::pair<std::string_view, std::string_view>;

/// Collects samples by family, because the format wants those of one family together. One thread.
class exposition final {
  public:
    /// Samples of one name share the HELP and TYPE of the first. @param what  its name may be any text: what a metric's
    /// name cannot have becomes "_".
    void add(served_metric const& what, std::span<metric_label const> labels, double value);
    void add(served_metric const& what, std::span<metric_label const> labels, std::uint64_t value);
    /// Its buckets (cumulative, as the format wants them), sum and count.
    void add(served_metric const& what, std::span<metric_label const> labels, latency_histogram const& seconds);

    /// All of it, families in the order in which they first came.
    [[nodiscard]] std::string text() const;

  private:
    struct family {
        std::string name;
        std::string head;
        std::string samples;
    };
    void add_sample(served_metric const& what, std::span<metric_label const> labels, std::string_view value);
    family& family_of(served_metric const& what);

    std::vector<family> families_;
};

}  // namespace logpipe::status
