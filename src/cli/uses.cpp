#include "uses.hpp"

#include "transfer.hpp"

namespace logpipe::cli {

used_ends uses_of_run(settings const& options, argument_list const& /*rest*/) {
    // Those of /produceEventsToPipeline.
    if (!options.hops().empty()) return {};
    return {{options.text("url"), end_role::source}, {"demo:nginx", end_role::source}};
}

used_ends uses_of_serve(settings const& options, argument_list const& /*rest*/) {
    auto const from = source_uri_of(options, {});
    return {{from ? *from : std::string{}, end_role::source},
            {"demo:nginx", end_role::source},
            {options.text("to"), end_role::sink},
            {options.text("dead-letters"), end_role::sink}};
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

used_ends uses_of_setup(settings const& options, argument_list const& /*rest*/) {
    return {{options.text("to"), end_role::requests}, {options.text("to"), end_role::set_up}};
}

used_ends uses_of_skip(settings const& options, argument_list const& /*rest*/) {
    return {{options.text("from"), end_role::requests},
            {options.text("from"), end_role::sink},  // whose dead letters are of the same kind
            {options.text("dead-letters"), end_role::sink},
            {options.text("to").empty() ? "sqlite:" : options.text("to"), end_role::sink}};
}

}  // namespace logpipe::cli
