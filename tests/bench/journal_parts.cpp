// The journal: how fast batches are appended (with and without fsync) and read back, how fast frames are encoded and
// checked without a disk, and how long a journal takes to open.
#include "frame_encoder.hpp"
#include "journal/journal.hpp"
#include "lines.hpp"
#include "part.hpp"
#include "segment_format.hpp"

#include "../support/scratch_folder.hpp"

#include <memory>
#include <stdexcept>

namespace logpipe::bench {

using namespace journal;

namespace {

constexpr std::uint32_t lines_in_batch = 1024;

class keep_one final : public completions {
  public:
    void done(batch&& events) override { last = std::move(events); }
    batch last;
};

/// Appends one batch after the other; chunks are new each time, as from a client.
class appender final {
  public:
    explicit appender(journal::journal_options options)
        : journal_{open(std::move(options))}, to_{journal_->make_sink()} {
        if (!to_->open(reports_)) throw std::runtime_error{"no sink"};
    }
    void append() {
        for (auto& row : events_.events) ++row.id.high;
        if (!to_->write(events_) || !to_->flush()) throw std::runtime_error{"not written"};
        events_ = std::move(reports_.last);
        events_.counts = {};
    }
    [[nodiscard]] std::size_t bytes() const { return events_.records.size(); }
    [[nodiscard]] static std::shared_ptr<journal::topic> open(journal::journal_options options) {
        auto opened = journal::open_journal(std::move(options));
        if (!opened) throw std::runtime_error{opened.error().message};
        return *std::move(opened);
    }

  private:
    std::shared_ptr<journal::topic> journal_;
    keep_one reports_;
    std::unique_ptr<sink> to_;
    batch events_ = nginx_batch(lines_in_batch);
};

prepared_part append(journal::journal_sync sync) {
    struct work {
        explicit work(journal::journal_sync sync)
            : to{{.folder = folder.path("topic"),
                  .bytes_max = std::uint64_t{2} << 30U,
                  .when_full = journal::journal_full::drop_oldest,
                  .sync = sync}} {}
        test::scratch_folder folder;
        appender to;
    };
    auto const with = std::make_shared<work>(sync);
    return {.events = lines_in_batch, .bytes = with->to.bytes(), .round = [with] { with->to.append(); }};
}

void fill(std::string const& folder, std::size_t bytes) {
    appender to{{.folder = folder, .bytes_max = std::uint64_t{64} << 30U, .sync = journal::journal_sync::never}};
    for (std::size_t done = 0; done < bytes; done += to.bytes()) to.append();
}

prepared_part encode_frames() {
    struct work {
        batch events = nginx_batch(lines_in_batch);
        journal::frame_encoder encoder;
    };
    auto const with = std::make_shared<work>();
    return {.events = lines_in_batch, .bytes = with->events.records.size(), .round = [with] {
                with->encoder.begin(with->events, 1);
                if (!with->encoder.next().value()) throw std::logic_error{"nothing to encode"};
                with->encoder.keep(1, 0);
            }};
}

prepared_part decode_frames() {
    struct work {
        std::string bytes;
        batch into;
    };
    auto const with = std::make_shared<work>();
    auto const events = nginx_batch(lines_in_batch);
    journal::frame_encoder encoder;
    encoder.begin(events, 1);
    if (!encoder.next().value()) throw std::logic_error{"nothing to encode"};
    encoder.keep(1, 0);
    for (auto const piece : encoder.parts()) with->bytes += piece;
    return {.events = lines_in_batch, .bytes = events.records.size(), .round = [with] {
                with->into.clear();
                auto const header = journal::read_header(with->bytes);
                auto const payload = std::string_view{with->bytes}.substr(journal::header_bytes);
                if (!header || !journal::payload_is_whole(*header, payload)) throw std::logic_error{"a bad frame"};
                std::uint64_t offset = 0;
                while (offset < header->end_offset())
                    offset = journal::append_portion(*header, payload, offset, with->into);
            }};
}

/// All of a journal, from its beginning.
prepared_part read_back() {
    struct work {
        test::scratch_folder folder;
        std::shared_ptr<journal::topic> opened;
        std::unique_ptr<source> from;
        batch got;
        std::uint64_t events = 0;
        std::uint64_t bytes = 0;

        void read_all() {
            events = bytes = 0;
            position const start{};
            if (!from->seek({&start, 1})) throw std::runtime_error{"no way back"};
            do {
                got.clear();
                if (!from->read(got, std::chrono::steady_clock::now())) throw std::runtime_error{"not read"};
                events += got.events.size();
                bytes += got.records.size();
            } while (!got.empty());
        }
    };
    auto const with = std::make_shared<work>();
    fill(with->folder.path("topic"), std::size_t{8} << 20U);
    with->opened = appender::open({.folder = with->folder.path("topic")});
    with->from = with->opened->make_source("bench");
    if (!with->from->open()) throw std::runtime_error{"no source"};
    with->read_all();
    return {.events = with->events, .bytes = with->bytes, .round = [with] { with->read_all(); }};
}

prepared_part open_large() {
    auto const folder = std::make_shared<test::scratch_folder>();
    fill(folder->path("topic"), std::size_t{2} << 30U);
    return {.events = 1, .round = [folder] { static_cast<void>(appender::open({.folder = folder->path("topic")})); }};
}

}  // namespace

std::vector<part> journal_parts() {
    return {{"journal_encode_frames", encode_frames},
            {"journal_decode_frames", decode_frames},
            {"journal_append", [] { return append(journal::journal_sync::never); }},
            {"journal_append_synced", [] { return append(journal::journal_sync::every_group); }, true},
            {"journal_read_back", read_back},
            {"journal_open_2_GiB", open_large, true}};
}

}  // namespace logpipe::bench
