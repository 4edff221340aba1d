#include "version.hpp"

#include "subcommands.hpp"

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>
#include <openssl/crypto.h>
#include <boost/version.hpp>

namespace logpipe::cli {

int run_version(settings const& options, argument_list const& /*rest*/) {
    auto const boost = fmt::format("{}.{}.{}", BOOST_VERSION / 100000, BOOST_VERSION / 100 % 1000, BOOST_VERSION % 100);
    if (options.on("json")) {
        fmt::print(R"({{"logpipe":"{}","revision":"{}","boost":"{}","librdkafka":"{}","openssl":"{}"}})"
                   "\n",
                   version_text, revision(), boost, rd_kafka_version_str(), OpenSSL_version(OPENSSL_VERSION_STRING));
    } else {
        fmt::print("logpipe {} ({})\nBoost {}\nlibrdkafka {}\n{}\n", version_text, revision(), boost,
                   rd_kafka_version_str(), OpenSSL_version(OPENSSL_VERSION));
    }
    return exit_done;
}

}  // namespace logpipe::cli
