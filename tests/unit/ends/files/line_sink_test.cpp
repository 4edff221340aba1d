#include "file_line_sink.hpp"
#include "files/files.hpp"
#include "lines/lines.hpp"
#include "support/catch.hpp"
#include "support/reports.hpp"
#include "support/scratch_folder.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <thread>

using namespace logpipe;
using namespace logpipe::files;
using namespace logpipe::lines;

namespace {

batch batch_of(std::vector<std::string> const& records) {
    batch made;
    auto const tag = made.tag_index("app.follow");
    for (auto const& record : records) made.append(tag, {}, 0, record);
    return made;
}

/// A disk that fails when it shall; everything else is the real one's.
class failing_disk final : public file_system {
  public:
    bool fail_write = false;
    bool fail_sync = false;

    result<std::unique_ptr<file>> open(std::string const& path, file_access access) override {
        auto opened = system_files().open(path, access);
        if (!opened) return opened.error();
        return std::unique_ptr<file>{std::make_unique<failing_file>(*this, std::move(*opened))};
    }
    result<> rename(std::string const& from, std::string const& to) override { return system_files().rename(from, to); }
    result<> remove(std::string const& path) override { return system_files().remove(path); }
    result<std::vector<std::string>> list(std::string const& folder) override { return system_files().list(folder); }
    result<> make_folder(std::string const& folder) override { return system_files().make_folder(folder); }
    result<> sync_folder(std::string const& folder) override { return system_files().sync_folder(folder); }
    result<disk_space> space(std::string const& folder) override { return system_files().space(folder); }

  private:
    class failing_file final : public file {
      public:
        failing_file(failing_disk& disk, std::unique_ptr<file> real) : disk_{disk}, real_{std::move(real)} {}
        result<std::size_t> read_at(std::uint64_t offset_bytes, std::span<char> into) const override {
            return real_->read_at(offset_bytes, into);
        }
        result<> write_at(std::uint64_t offset_bytes, std::span<std::string_view const> parts) override {
            if (!disk_.fail_write) return real_->write_at(offset_bytes, parts);
            std::array<std::string_view, 1> const half{parts[0].substr(0, parts[0].size() / 2)};
            if (auto written = real_->write_at(offset_bytes, half); !written) return written;
            return error{errc::storage_full, "no space left"};
        }
        result<> truncate(std::uint64_t bytes) override { return real_->truncate(bytes); }
        result<> sync_data() override {
            if (!disk_.fail_sync) return real_->sync_data();
            // As Linux does it: what was not synced is lost, and the next sync succeeds.
            if (auto cut = real_->truncate(0); !cut) return cut;
            return error{errc::storage_failed, "input/output error"};
        }
        result<std::uint64_t> bytes() const override { return real_->bytes(); }
        result<> allocate(std::uint64_t bytes) override { return real_->allocate(bytes); }
        result<> in_place() const override { return real_->in_place(); }
        result<> lock() override { return real_->lock(); }

      private:
        failing_disk& disk_;
        std::unique_ptr<file> real_;
    };
};

}  // namespace

TEST_CASE("payloads are appended as lines and are safe after a flush", "[line_sink]") {
    test::scratch_folder const folder;
    folder.write("out", "before\n");
    test::reported reports;
    auto const to = make_line_sink(folder.path("out"));
    REQUIRE(to->open(reports));
    auto events = batch_of({"one", "two", "three"});
    events.reject(1, "test", "unwanted");
    REQUIRE(to->write(events));
    REQUIRE(reports.batches.empty());
    REQUIRE(to->flush());
    REQUIRE(folder.read("out") == "before\none\nthree\n");
    REQUIRE(reports.batches.size() == 1);
    REQUIRE(reports.batches[0].counts.indexed == 2);
    REQUIRE(to->stored("any").value() == std::nullopt);
}

TEST_CASE("a transformed batch is written as its documents", "[line_sink]") {
    test::scratch_folder const folder;
    test::reported reports;
    auto const to = make_line_sink(folder.path("out"));
    REQUIRE(to->open(reports));
    auto events = batch_of({"record"});
    events.transformed = true;
    events.documents = "the document";
    events.events[0].document_bytes = 12;
    REQUIRE(to->write(events));
    REQUIRE(to->flush());
    REQUIRE(folder.read("out") == "the document\n");
}

TEST_CASE("a last line that a crash had cut is ended before ours", "[line_sink]") {
    test::scratch_folder const folder;
    folder.write("out", "whole\ntor");
    test::reported reports;
    auto const to = make_line_sink(folder.path("out"));
    REQUIRE(to->open(reports));
    auto events = batch_of({"ours"});
    REQUIRE(to->write(events));
    REQUIRE(to->flush());
    REQUIRE(folder.read("out") == "whole\ntor\nours\n");
}

TEST_CASE("much that is written becomes safe without a flush", "[line_sink]") {
    test::scratch_folder const folder;
    test::reported reports;
    auto const to = make_line_sink(folder.path("out"));
    REQUIRE(to->open(reports));
    std::string const line(1'000'000, 'x');
    for (int i = 0; i < 9; ++i) {
        auto events = batch_of({line});
        REQUIRE(to->write(events));
    }
    REQUIRE(reports.batches.size() == 9);
}

TEST_CASE("a full disk leaves the batch with the caller, and later it is written once", "[line_sink]") {
    test::scratch_folder const folder;
    failing_disk disk;
    test::reported reports;
    auto const to = make_file_line_sink(folder.path("out"), disk);
    REQUIRE(to->open(reports));
    auto events = batch_of({"one", "two"});
    disk.fail_write = true;
    REQUIRE(to->write(events).error().code == errc::storage_full);
    REQUIRE(events.events.size() == 2);
    REQUIRE(!to->status().up);
    disk.fail_write = false;
    REQUIRE(to->write(events));
    REQUIRE(to->flush());
    REQUIRE(folder.read("out") == "one\ntwo\n");
    REQUIRE(to->status().up);
}

TEST_CASE("after a failed sync everything that was not safe is rewritten", "[line_sink]") {
    test::scratch_folder const folder;
    failing_disk disk;
    test::reported reports;
    auto const to = make_file_line_sink(folder.path("out"), disk);
    REQUIRE(to->open(reports));
    auto first = batch_of({"one"});
    auto second = batch_of({"two"});
    REQUIRE(to->write(first));
    REQUIRE(to->write(second));
    disk.fail_sync = true;
    REQUIRE(to->flush().error().code == errc::storage_failed);
    REQUIRE(reports.batches.empty());
    disk.fail_sync = false;
    SECTION("by the next flush") {
        REQUIRE(to->flush());
    }
    SECTION("also when it was reopened in between") {
        REQUIRE(to->open(reports));
        REQUIRE(to->flush());
    }
    REQUIRE(folder.read("out") == "one\ntwo\n");
    REQUIRE(reports.batches.size() == 2);
}

TEST_CASE("a file that another sink writes is busy, one without a folder is not found", "[line_sink]") {
    test::scratch_folder const folder;
    test::reported reports;
    auto const to = make_line_sink(folder.path("out"));
    REQUIRE(to->open(reports));
    auto const other = make_line_sink(folder.path("out"));
    REQUIRE(other->open(reports).error().code == errc::busy);
    REQUIRE(make_line_sink(folder.path("no/folder"))->open(reports).error().code == errc::not_found);
}

TEST_CASE("lines go through a pipe to its reader", "[line_sink]") {
    test::scratch_folder const folder;
    auto const path = folder.path("pipe");
    REQUIRE(mkfifo(path.c_str(), 0600) == 0);
    test::reported reports;
    auto const to = make_line_sink(path);
    REQUIRE(to->open(reports).error().code == errc::not_connected);  // no one reads
    int const reader = open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    REQUIRE(to->open(reports));
    auto events = batch_of({"one", "two"});
    REQUIRE(to->write(events));
    REQUIRE(reports.batches.size() == 1);
    std::string got(100, '\0');
    REQUIRE(read(reader, got.data(), got.size()) == 8);
    REQUIRE(got.starts_with("one\ntwo\n"));

    SECTION("cancel() ends the wait for a slow reader") {
        auto much = batch_of(std::vector<std::string>(1'000, std::string(1'000, 'x')));
        std::jthread const other{[&] { to->cancel(); }};
        REQUIRE(to->write(much).error().code == errc::cancelled);
        REQUIRE(much.events.size() == 1'000);
    }
    SECTION("a reader that went away is not connected") {
        close(reader);
        std::signal(SIGPIPE, SIG_IGN);
        auto more = batch_of({"three"});
        REQUIRE(to->write(more).error().code == errc::not_connected);
        REQUIRE(more.events.size() == 1);
        REQUIRE(!to->status().up);
        return;
    }
    close(reader);
}

TEST_CASE("a full device is storage_full", "[line_sink]") {
    test::reported reports;
    auto const to = make_line_sink("/dev/full");
    REQUIRE(to->open(reports));
    auto events = batch_of({"one"});
    REQUIRE(to->write(events).error().code == errc::storage_full);
}
