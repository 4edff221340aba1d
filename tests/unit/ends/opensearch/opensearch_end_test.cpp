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

TEST_CASE("an OpenSearch URI may name several hosts, and a gateway's prefix before the index", "[end]") {
    auto const made = target_of("opensearch://a:1,b:2/gateway/search/i").value();
    CHECK(made.connection.address == "a:1,b:2");
    CHECK(made.connection.path_prefix == "/gateway/search");
    CHECK(made.index == "i");
    for (auto const* uri : {"opensearch://a:1,opensearch://b:2/i", "opensearch://h/a//i", "opensearch://h/a%b/i",
                            "opensearch://h/", "opensearch:///i", "opensearch://h/a b/i"}) {
        INFO(uri);
        CHECK(target_of(uri).error().code == errc::invalid_argument);
        CHECK_THAT(target_of(uri).error().message, ContainsSubstring("write it as opensearch://HOST:PORT/INDEX"));
    }
    CHECK_THAT(target_of("opensearch://a,,b/i").error().message, ContainsSubstring("\"a,,b\""));
    CHECK_THAT(target_of("opensearch://a,a:9200/i").error().message, ContainsSubstring("a:9200 is there twice"));
    CHECK_THAT(target_of("opensearch://a,b:x/i").error().message, ContainsSubstring("the port must be a number"));
}

TEST_CASE("a client certificate for OpenSearch goes with its key", "[end]") {
    auto const half = target_of("opensearchs://h/i", {{"client-certificate-file", {"/c"}}});
    REQUIRE(half.has_error());
    CHECK_THAT(half.error().message, ContainsSubstring("certificate file and key file go together"));
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
