#include "opensearch/opensearch.hpp"
#include "support/catch.hpp"
#include "support/given_options.hpp"
#include "support/scratch_folder.hpp"

using namespace logpipe;
using namespace logpipe::opensearch;
using namespace logpipe::test;

namespace {

result<opensearch_target> target_of(std::string const& uri, given_texts const& given = {}) {
    return opensearch_target_of(parse_uri(uri).value(), given_options{opensearch_end.connection_options, given});
}

}  // namespace

TEST_CASE("an OpenSearch URI names address, index and whether it is TLS", "[end]") {
    auto const plain = target_of("opensearch://h:9200/nginx-logs").value();
    CHECK((plain.connection.address == "h:9200" && plain.index == "nginx-logs" && !plain.connection.tls));
    CHECK(target_of("opensearchs://h:9200/i").value().connection.tls);
    CHECK_THAT(target_of("opensearchs://h:9200").error().message,
               ContainsSubstring("write it as opensearchs://HOST:PORT/INDEX"));
}

TEST_CASE("an index has a name that OpenSearch takes", "[end]") {
    for (auto const* name : {"nginx-logs", "a_b.c+1", "caf\xc3\xa9"})
        CHECK(target_of(std::string{"opensearch://h/"} + name).has_value());
    for (auto const* name : {"Nginx", "a*", "a,b", "a b", "-a", "_all", "a:b", "a#b"}) {
        INFO(name);
        auto const bad = target_of(std::string{"opensearch://h/"} + name);
        REQUIRE(bad.has_error());
        CHECK(bad.error().code == errc::invalid_argument);
        CHECK_THAT(bad.error().message, ContainsSubstring("invalid index name"));
    }
}

TEST_CASE("credentials of OpenSearch are whole and of one kind", "[end]") {
    scratch_folder const folder;
    auto const file = folder.write("secret", "s3cret\n");
    auto const* const uri = "opensearch://h:9200/i";
    auto const user = target_of(uri, {{"opensearch-user", {"admin"}}, {"opensearch-password-file", {file}}});
    CHECK(user.value().connection.password == "s3cret");
    CHECK(target_of(uri, {{"api-key-file", {file}}}).value().connection.api_key == "s3cret");
    CHECK(target_of(uri, {{"opensearch-user", {"admin"}}}).has_error());
    CHECK(
        target_of(uri, {{"opensearch-user", {"admin"}}, {"opensearch-password-file", {file}}, {"api-key-file", {file}}})
            .has_error());
}
