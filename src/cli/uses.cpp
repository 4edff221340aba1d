#include "uses.hpp"

#include "endpoints.hpp"
#include "transfer.hpp"

#include <fmt/format.h>

namespace logpipe::cli {

used_ends uses_of_run(settings const& options, argument_list const& /*rest*/) {
    auto const& from = options.text("from");
    used_ends used{
        {from.empty() ? "forward://" + options.text("listen") : from, end_role::source},
        {"journal:", end_role::source},  // embedded, whatever the broker
        {"journal:", end_role::sink},
        {options.text("broker"), end_role::source},
        {options.text("broker"), end_role::sink},
        {options.text("store"), end_role::sink},
    };
    // Those of /produceEventsToPipeline.
    for (auto const& uri : {options.text("url"), std::string{"demo:nginx"}}) used.push_back({uri, end_role::source});
    return used;
}

used_ends uses_of_produce(settings const& options, argument_list const& rest) {
    auto const from = source_uri_of(options, rest.empty() ? std::string{} : rest.front());
    return {{from ? *from : std::string{}, end_role::source},
            {options.text("to"), end_role::sink},
            {options.text("dead-letters"), end_role::sink}};
}

used_ends uses_of_serve(settings const& options, argument_list const& rest) {
    auto used = uses_of_produce(options, rest);
    used.push_back({"demo:nginx", end_role::source});
    return used;
}

used_ends uses_of_forward(settings const& options, argument_list const& /*rest*/) {
    used_ends used{{"forward://" + options.text("listen"), end_role::source},
                   {"journal:", end_role::source},
                   {"journal:", end_role::sink},
                   {options.text("to"), end_role::sink}};
    for (auto const& each : options.list("route"))
        used.push_back({each.substr(std::min(each.find('='), each.size() - 1) + 1), end_role::sink});
    return used;
}

used_ends uses_of_consume(settings const& options, argument_list const& /*rest*/) {
    return {{options.text("from"), end_role::source},
            {options.text("to"), end_role::sink},
            {dead_letters_uri(options), end_role::sink}};
}

used_ends uses_of_status(settings const& options, argument_list const& /*rest*/) {
    used_ends used;
    if (!options.text("brokers").empty()) used.push_back({"kafka:", end_role::requests});
    if (!options.text("opensearch").empty()) used.push_back({"opensearch:", end_role::requests});
    return used;
}

used_ends uses_of_argument(settings const& /*options*/, argument_list const& rest) {
    return {{rest.empty() ? std::string{} : rest.front(), end_role::requests}};
}

used_ends uses_of_dlq(settings const& options, argument_list const& rest) {
    return {{rest.size() < 2 ? std::string{} : rest[1], end_role::requests}, {options.text("to"), end_role::requests}};
}

used_ends uses_of_verify(settings const& options, argument_list const& /*rest*/) {
    used_ends used;
    for (auto const* name : {"from", "to", "dead-letters"})
        if (options.has(name))
            for (auto const& uri : options.list(name)) used.push_back({uri, end_role::requests});
    return used;
}

used_ends uses_of_skip(settings const& options, argument_list const& /*rest*/) {
    return {{options.text("from"), end_role::requests},
            {options.text("from"), end_role::sink},  // whose dead letters are of the same kind
            {options.text("dead-letters"), end_role::sink},
            {options.text("to").empty() ? "sqlite:" : options.text("to"), end_role::sink}};
}

}  // namespace logpipe::cli
