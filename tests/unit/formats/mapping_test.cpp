#include "formats/normalize.hpp"

#include "support/catch.hpp"

#include <algorithm>
#include <string>
#include <string_view>

using namespace logpipe;
using namespace logpipe::formats;

namespace {

document_mapping parsed(std::string_view toml) {
    auto made = parse_mapping(toml, "m.toml");
    INFO((made ? "" : made.error().message));
    REQUIRE(made.has_value());
    return *std::move(made);
}

std::string mistakes(std::string_view toml) {
    auto const made = parse_mapping(toml, "m.toml");
    REQUIRE_FALSE(made.has_value());
    REQUIRE(made.error().code == errc::invalid_argument);
    return made.error().message;
}

}  // namespace

TEST_CASE("a mapping that is printed makes the same mapping again", "[normalize]") {
    auto const shown = to_toml(nginx_mapping());
    CHECK(parsed(shown) == nginx_mapping());
    CHECK(to_toml(parsed(shown)) == shown);
    auto const other = parsed(R"(
        name = "quoted \"\\ é"
        format = "raw"
        time-format = "iso"
        time = "at"
        rest = "labels"
        clash-suffix = "!"
        drop = ["a", "b.c"]
        [[field]]
        path = "a b.\"c"
        from = "k\\"
        convert = "number"
        name = "n"
        title = "T"
        column = "col"
        type = "long"
        [[field]]
        path = "only.described"
        type = "decimal"
        [store]
        columns = ["n"]
        size = "n"
    )");
    CHECK(parsed(to_toml(other)) == other);
}

TEST_CASE("the built-in mapping describes each field that it makes", "[normalize]") {
    auto const& [table, documents] = nginx_mapping();
    REQUIRE(table.fields.size() == documents.fields.size());
    for (std::size_t i = 0; i < table.fields.size(); ++i) CHECK(table.fields[i].path == documents.fields[i].path);
    auto const columns = [&] {
        std::string all;
        for (auto const each : documents.columns) all += documents.fields[each].column + " ";
        return all;
    }();
    CHECK(columns == "response bytes remote_ip region request referrer agent ");
    REQUIRE(documents.status);
    CHECK(documents.fields[*documents.status].path == "event.response");
    CHECK(documents.title == "Nginx logs");
}

TEST_CASE("a field has the last name of its path, unless the file says another", "[normalize]") {
    auto const made = parsed("name = \"m\"\n[[field]]\npath = \"a.b.c\"\n[[field]]\npath = \"d\"\nname = \"e\"\n");
    CHECK(made.table.fields.empty());
    CHECK(made.documents.fields.at(0).name == "c");
    CHECK(made.documents.fields.at(0).title == "c");
    CHECK(made.documents.fields.at(0).column == "c");
    CHECK(made.documents.fields.at(1).name == "e");
    CHECK(made.documents.fields.at(1).title == "e");
    CHECK(made.documents.fields.at(1).column == "d");
    CHECK(made.documents.title == "m");
}

TEST_CASE("each mistake of a mapping is named with its line", "[normalize]") {
    CHECK(mistakes("name = \"m\"\nformt = \"json\"\n[[field]]\npath = \"a\"\nform = \"b\"\n") ==
          "m.toml:5: form: unknown key; did you mean \"from\"?; m.toml:2: formt: unknown key; did you mean "
          "\"format\"?");
    CHECK_THAT(mistakes("name = \n"), ContainsSubstring("m.toml:1: "));
    CHECK_THAT(mistakes("[|"), ContainsSubstring("m.toml:1: "));
    CHECK_THAT(mistakes("ä = 1"), ContainsSubstring("m.toml:1: "));
    CHECK_THAT(mistakes(""), ContainsSubstring("name: a mapping needs a name"));
    CHECK_THAT(mistakes("name = 7"), ContainsSubstring("m.toml:1: name: expected a text in quotes"));
    CHECK_THAT(mistakes("name = \"m\"\nformat = \"jsn\""),
               ContainsSubstring("m.toml:2: format: unknown format \"jsn\"; did you mean \"json\"?"));
    CHECK_THAT(mistakes("name = \"m\"\ndrop = \"a\""), ContainsSubstring("drop: expected a list of texts"));
    CHECK_THAT(mistakes("name = \"m\"\nfield = 1"), ContainsSubstring("field: expected tables"));
    CHECK_THAT(mistakes("name = \"m\"\nstore = 1"), ContainsSubstring("store: expected a table"));
    CHECK_THAT(mistakes("name = \"a\\u0001\""), ContainsSubstring("control characters"));
    CHECK_THAT(mistakes("name = \"" + std::string(5'000, 'x') + "\""), ContainsSubstring("at most 4096"));
    std::string many = "name = \"m\"\n";
    for (int i = 0; i < 30; ++i) many += "key_number_" + std::to_string(i) + " = 1\n";
    CHECK_THAT(mistakes(many), ContainsSubstring("and 10 more"));
}

TEST_CASE("fields that cannot make a document are refused", "[normalize]") {
    auto const field = [](std::string_view lines) { return "name = \"m\"\n" + std::string{lines}; };
    for (auto const& [lines, what] : std::vector<std::pair<std::string_view, std::string_view>>{
             {"[[field]]\nfrom = \"a\"", "a field needs its path"},
             {"[[field]]\npath = \"a\"\nfrom = \"a\"\nconstant = \"b\"", "only one of from, constant"},
             {"[[field]]\npath = \"a\"\nconstant = \"b\"\nconvert = \"text\"", "can be converted"},
             {"[[field]]\npath = \"a\"\nchoices = []", "from 1 to 1000 texts"},
             {"[[field]]\npath = \"a\"\nvalue = \"now\"", "expected one of id, time, time-millis"},
             {"[[field]]\npath = \"a\"\nfrom = \"\"", "name a key"},
             {"[[field]]\npath = \"a.b.c.d.e\"", "at most 4 are allowed"},
             {"[[field]]\npath = \"a..b\"", "has an empty name"},
             {"[[field]]\npath = \"a\"\n[[field]]\npath = \"a\"", "m.toml:5: path: duplicate \"a\""},
             {"[[field]]\npath = \"a.x\"\n[[field]]\npath = \"b.x\"", "\"x\" names a.x as well"},
             {"[[field]]\npath = \"a.x\"\n[[field]]\npath = \"a\"", "\"a\" is an object of other fields"},
             {"[[field]]\npath = \"a\"\n[[field]]\npath = \"a.x\"", "\"a\" is a field already"},
             {"[[field]]\npath = \"a.x\"\n[[field]]\npath = \"b\"\n[[field]]\npath = \"a.y\"", "must be adjacent"},
             {"[[field]]\npath = \"a\"\nfrom = \"k\"\n[[field]]\npath = \"b\"\nfrom = \"k\"",
              "is used by another field"},
             {"rest = \"a\"\n[[field]]\npath = \"a.x\"\nfrom = \"k\"",
              "m.toml:2: rest: \"a\" is used by the field a.x"},
             {"rest = \"a\"\ndrop-rest = true", "cannot be given with drop-rest"},
             {"clash-suffix = \"\"", "must not be empty"},
         }) {
        INFO(lines);
        CHECK_THAT(mistakes(field(lines)), ContainsSubstring(std::string{what}));
    }
    std::string many = "name = \"m\"\n";
    for (std::size_t i = 0; i <= schema::fields_max; ++i) many += "[[field]]\npath = \"f" + std::to_string(i) + "\"\n";
    CHECK_THAT(mistakes(many), ContainsSubstring("at most 256 fields"));
}

TEST_CASE("lists of fields that the store or the page cannot use are refused", "[normalize]") {
    std::string const fields =
        "name = \"m\"\n[[field]]\npath = \"word\"\n[[field]]\npath = \"code\"\ntype = \"integer\"\n"
        "[[field]]\npath = \"at\"\ntype = \"time\"\n[[field]]\npath = \"from\"\n[[field]]\npath = \"doc\"\n"
        "[[field]]\npath = \"Odd-one\"\n[[field]]\npath = \"x.word\"\nname = \"second\"\n[store]\n";
    for (auto const& [lines, what] : std::vector<std::pair<std::string_view, std::string_view>>{
             {"columns = [\"wrd\"]", "columns: unknown field \"wrd\"; did you mean \"word\"?"},
             {"columns = [\"word\", \"word\"]", "duplicate \"word\""},
             {"columns = [\"word\", \"second\"]", "two fields have the column \"word\""},
             {"columns = [\"at\"]", "its type must be text, ip, integer or long"},
             {"columns = [\"doc\"]", "which the store uses itself"},
             {"columns = [\"Odd-one\"]", "lower-case letters"},
             {"facets = [\"word\"]", "\"word\" is not among the columns"},
             {"columns = [\"from\"]\nfacets = [\"from\"]", "has a meaning in the page's addresses"},
             {"search = [\"word\"]", "\"word\" is not among the columns"},
             {"columns = [\"code\"]\nsearch = [\"code\"]", "is not of type text"},
             {"time = \"at\"", "is not of type millis"},
             {"columns = [\"code\"]\nstatus = \"code\"", "is not among the facets"},
             {"columns = [\"word\"]\nfacets = [\"word\"]\nstatus = \"word\"", "is not of type integer"},
             {"size = \"code\"", "is not among the columns"},
             {"columns = [\"word\"]\nsize = \"word\"", "is not of type integer or long"},
             {"colums = []", "did you mean \"columns\"?"},
             {"[page]\ntop = [\"word\"]", "top: \"word\" is not among the facets"},
             {"[page]\nunique = \"word\"", "unique: \"word\" is not among the facets"},
         }) {
        INFO(lines);
        CHECK_THAT(mistakes(fields + std::string{lines}), ContainsSubstring(std::string{what}));
    }
    std::string many = "name = \"m\"\n";
    std::string names;
    for (std::size_t i = 0; i <= schema::columns_max; ++i) {
        many += "[[field]]\npath = \"f" + std::to_string(i) + "\"\n";
        names += "\"f" + std::to_string(i) + "\",";
    }
    CHECK_THAT(mistakes(many + "[store]\ncolumns = [" + names + "]"),
               ContainsSubstring("33 fields; at most 32 are allowed"));
}

TEST_CASE("a mapping's file that is not there is said to be so", "[normalize]") {
    CHECK(read_mapping("/nonexistent/m.toml").error().code == errc::not_found);
}
