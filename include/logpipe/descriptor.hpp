// What an end says of itself. Flags, variables, keys of the file, ranges, help, reference pages and the names that
// `status`, `monitor` and the page show are made from these values and from nothing else.
#pragma once

#include "logpipe/metric.hpp"
#include "logpipe/schema.hpp"
#include "logpipe/stage.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace logpipe {

/// A `secret` names a file; the secret itself may stand in the variable without _FILE, but in no flag and no key.
enum class option_kind : std::uint8_t { text, secret, count, bytes, duration, choice, on_off, list };

/// One option. Its name is its flag (--bulk-bytes-max), its variable (LOGPIPE_BULK_BYTES_MAX), its key in the file and
/// in the query of a URI.
struct option {
    std::string_view name;
    option_kind kind = option_kind::text;
    std::string_view metavar;  ///< "SIZE"; of a choice its values, "block|drop-oldest"
    std::string_view help;     ///< makes sense alone
    std::string fallback;      ///< the default, as it would be given
    std::uint64_t least = 0;   ///< of a count, of bytes, of milliseconds
    std::uint64_t most = std::numeric_limits<std::int64_t>::max();
    bool in_uri_only = false;                             ///< a parameter of its URI, without flag, variable and key
    result<> (*check)(std::string_view value) = nullptr;  ///< beyond kind and range
};

/// The values of options by their names, each checked against its kind and range. Asking for a name that the
/// descriptor lacks is a bug.
class option_values {
  public:
    virtual ~option_values() = default;
    [[nodiscard]] virtual std::string const& text(std::string_view name) const = 0;
    [[nodiscard]] virtual std::vector<std::string> const& list(std::string_view name) const = 0;
    /// Of a count, of bytes, of a duration in milliseconds, of on_off 0 or 1.
    [[nodiscard]] virtual std::uint64_t number(std::string_view name) const = 0;
    /// All lines of the file that the option names, or what its variable holds; empty where neither is given.
    [[nodiscard]] virtual result<std::string> secret(std::string_view name) const = 0;
    [[nodiscard]] virtual bool is_default(std::string_view name) const = 0;
};

/// SCHEME:REST?KEY=VALUE&….
struct end_uri {
    std::string scheme;
    std::string rest;  ///< after the colon, without "//" and without the query
    std::vector<std::pair<std::string, std::string>> query;
    std::string whole;
};

/// What only one of a process may have, shared by the ends that it makes: a journal that is open for writing.
class shared_resource {
  public:
    virtual ~shared_resource() = default;
    /// A few times a second, from one thread: what is due while nothing else happens.
    virtual void tend() = 0;
};

/// What an end is made of.
struct end_request {
    end_uri uri;
    option_values const& values;    ///< of the end's options, and the query's over them
    schema documents{};             ///< what a sink of documents is going to get
    std::string run_id{};           ///< of a source of lines
    std::string group{};            ///< names the own position of the hop's source
    std::string other_end{};        ///< the URI at the hop's other end
    std::string state_folder{};     ///< where a source keeps its positions; empty: where it says
    bool until_end = false;         ///< a source ends with what was there at its open()
    bool for_dead_letters = false;  ///< a sink that takes dead letters
    /// The resource of that name, made by the first who asks; without `make` none where there is none yet.
    std::function<result<std::shared_ptr<shared_resource>>(
        std::string const& name, std::function<result<std::shared_ptr<shared_resource>>()> const& make)>
        share;
};

struct end_descriptor {
    std::string_view name;                           ///< "opensearch"
    std::vector<std::string_view> source_schemes{};  ///< of its URIs, {"kafka"}; empty where it cannot be a source
    std::vector<std::string_view> sink_schemes{};
    bool listens = false;                      ///< a source of it waits for clients, so it has no end
    std::string_view title;                    ///< "OpenSearch"
    std::string_view summary;                  ///< one sentence
    std::string_view form;                     ///< of its URIs: "opensearch://HOST:PORT/INDEX"
    std::vector<option> connection_options{};  ///< of operators' requests: `verify`, `status`, …
    std::vector<option> set_up_options{};      ///< of `setup`, beside those of the connection
    std::vector<option> source_options{};
    std::vector<option> sink_options{};
    std::string_view source_stage{};  ///< the name of its stage, "opensearch_sink"
    std::string_view sink_stage{};
    std::vector<metric> source_metrics{};  ///< all that its stage may have
    std::vector<metric> sink_metrics{};
    /// Null where it cannot be a source, or a sink. @return errc::invalid_argument for a URI or values that cannot be.
    result<std::unique_ptr<source>> (*make_source)(end_request const&) = nullptr;
    result<std::unique_ptr<sink>> (*make_sink)(end_request const&) = nullptr;
    std::vector<std::string_view> examples{};
};

/// What a transform says of itself, as an end does.
struct transform_descriptor {
    std::string_view name;   ///< of its stage, and what a hop calls it: "normalize", "normalize:?timestamp=event"
    std::string_view title;  ///< "Transform"
    std::string_view summary;
    std::vector<option> options{};
    std::vector<metric> metrics{};
    result<std::unique_ptr<transform>> (*make)(option_values const&) = nullptr;
};

}  // namespace logpipe
