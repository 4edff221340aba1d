#include "keys.hpp"

#include "support/catch.hpp"

using namespace logpipe;
using namespace logpipe::tui;

TEST_CASE("keys are what a terminal sends for them, in both modes of the arrows", "[keys]") {
    key_reader reader;
    CHECK(reader.take("qp?") == std::vector{key::quit, key::pause, key::help});
    CHECK(reader.take("\x1b[A\x1b[B\x1bOC\x1bOD") == std::vector{key::up, key::down, key::right, key::left});
    CHECK(reader.take("\x03") == std::vector{key::quit});
    CHECK(reader.take("x") == std::vector{key::other});
}

TEST_CASE("an arrow that comes in pieces is one key, and other sequences are none of ours", "[keys]") {
    key_reader reader;
    CHECK(reader.take("\x1b").empty());
    CHECK(reader.take("[").empty());
    CHECK(reader.take("A") == std::vector{key::up});
    CHECK(reader.take("\x1b[1;5C") == std::vector{key::right});
    CHECK(reader.take("\x1b[15~q") == std::vector{key::other, key::quit});
    CHECK(reader.take("\x1bq") == std::vector{key::other, key::quit});
    CHECK(reader.take("\x1b[" + std::string(100, '1')) == std::vector{key::other});  // and nothing is kept of it
    CHECK(reader.take("q") == std::vector{key::quit});
}
