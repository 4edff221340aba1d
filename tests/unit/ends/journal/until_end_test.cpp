#include "journal_support.hpp"
#include "support/catch.hpp"

#include "core/log.hpp"

#include <filesystem>

using namespace logpipe;
using namespace logpipe::journal;
using namespace logpipe::test;

namespace {

using strings = std::vector<std::string>;

struct written_topic {
    written_topic() {
        set_up_log({.level = log_level::off});
        opened = *open_journal({.folder = folder.path("t")});
        end.emplace(*opened);
    }
    void add(std::string const& record) {
        REQUIRE(end->write(loose_events("t", {record})));
        REQUIRE(end->flush());
    }
    [[nodiscard]] std::unique_ptr<source> reader() const {
        return make_journal_source({.folder = folder.path("t"), .group = "g", .until_end = true});
    }

    scratch_folder folder;
    std::shared_ptr<topic> opened;
    std::optional<topic_end> end;
};

[[nodiscard]] bool is_at_end(source& from) {
    batch got;
    auto const read = from.read(got, at_once());
    return !read && read.error().code == errc::end_of_input && got.empty();
}

}  // namespace

TEST_CASE("a source that reads until the end gives what was synced at its opening, and then ends", "[journal]") {
    written_topic topic;
    topic.add("a");
    topic.add("b");
    auto const from = topic.reader();
    REQUIRE(from->open());
    topic.add("later");
    REQUIRE(read_records(*from) == strings{"a", "b"});
    CHECK(is_at_end(*from));
    CHECK(from->status().up);
    // Reopened after a failure, it does not go further.
    REQUIRE(from->open());
    CHECK(is_at_end(*from));
}

TEST_CASE("an empty journal, or one whose group has committed all of it, ends at once", "[journal]") {
    written_topic topic;
    {
        auto const from = topic.reader();
        REQUIRE(from->open());
        CHECK(is_at_end(*from));
    }
    topic.add("a");
    {
        auto const from = topic.reader();
        REQUIRE(from->open());
        REQUIRE(read_records(*from) == strings{"a"});
        progress const safe{.safe = {.partition = 0, .offset = 1}, .counts = {.in = 1, .indexed = 1}};
        REQUIRE(from->commit({&safe, 1}));
    }
    auto const from = topic.reader();
    REQUIRE(from->open());
    CHECK(is_at_end(*from));
}

TEST_CASE("a sink whose position is beyond the journal's end leaves nothing to read until the end", "[journal]") {
    written_topic topic;
    topic.add("a");
    auto const from = topic.reader();
    REQUIRE(from->open());
    position const stored{.partition = 0, .offset = 7};
    REQUIRE(from->seek({&stored, 1}));
    CHECK(is_at_end(*from));
}

TEST_CASE("damage at the journal's end is read over, and then the source ends", "[journal]") {
    written_topic topic;
    topic.add("a");
    auto const segment = topic.folder.path("t") + "/00000000000000000000.seg";
    REQUIRE(std::filesystem::exists(segment));
    auto const good_bytes = std::filesystem::file_size(segment);
    topic.add("b");
    auto const from = topic.reader();
    REQUIRE(from->open());
    std::filesystem::resize_file(segment, good_bytes + 5);
    REQUIRE(read_records(*from) == strings{"a"});
    CHECK(is_at_end(*from));
    CHECK(from->backlog() == 0);
}

TEST_CASE("until a journal is there, a source that reads until its end cannot be opened", "[journal]") {
    scratch_folder const empty;
    auto const from = make_journal_source({.folder = empty.path("t"), .group = "g", .until_end = true});
    CHECK(from->open().error().code == errc::not_connected);
}
