#include "core/reload.hpp"

#include "core/log.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <utility>

using namespace logpipe;

TEST_CASE("each entry reloads its files until it is destroyed", "[reload]") {
    int first = 0;
    int second = 0;
    reload_entry const stays{"first", [&]() -> result<> {
                                 ++first;
                                 return {};
                             }};
    {
        reload_entry goes{"second", [&]() -> result<> {
                              ++second;
                              return {};
                          }};
        reload_entry const taken = std::move(goes);
        reload_files();
    }
    reload_files();
    CHECK(first == 2);
    CHECK(second == 1);
}

TEST_CASE("an entry that replaces another one ends it", "[reload]") {
    int first = 0;
    reload_entry place{"first", [&]() -> result<> {
                           ++first;
                           return {};
                       }};
    place = {};
    reload_files();
    CHECK(first == 0);
}

TEST_CASE("an entry that fails is named, and the others still reload", "[reload]") {
    int read = 0;
    reload_entry const fails{"fails", []() -> result<> { return error{errc::invalid_argument, "no such file"}; }};
    reload_entry const works{"works", [&]() -> result<> {
                                 ++read;
                                 return {};
                             }};
    reload_files();
    CHECK(read == 1);
    CHECK(std::ranges::any_of(recent_notes(), [](auto const& note) {
        return note.message == "SIGHUP: fails keeps its previous certificates and secrets: no such file";
    }));
}
