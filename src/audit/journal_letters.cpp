// Dead letters in a journal, their tombstones in the journal beside it. A tombstone is
//
//   {"id":…,"tombstone":true,"time":…,"letter_time":…,"why":"retried"}
//
// `letter_time` is the time of the newest letter that it settles.
#include "base/clock.hpp"
#include "base/json_text.hpp"
#include "base/letter_frame.hpp"
#include "logpipe/journal.hpp"
#include "logpipe/letters.hpp"
#include "logpipe/pipeline.hpp"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <optional>

namespace logpipe {

namespace {

constexpr std::int64_t ns_per_ms = 1'000'000;

/// Puts batches into a journal, one after the other: what is sent again on purpose is no client's repeat. The journal's
/// sink is safe when flush() returns.
class journal_writer final : private completions {
  public:
    explicit journal_writer(std::shared_ptr<journal> topic)
        : topic_{std::move(topic)}, to_{topic_->make_sink(journal_repeats::keep)} {}
    ~journal_writer() override { to_.reset(); }
    journal_writer(journal_writer const&) = delete;
    journal_writer& operator=(journal_writer const&) = delete;

    [[nodiscard]] result<> put(batch events) {
        if (!open_)
            if (auto opened = to_->open(*this); !opened) return opened;
        open_ = true;
        refusal_.reset();
        safe_ = false;
        if (auto written = to_->write(events); !written) return written;
        if (auto flushed = to_->flush(); !flushed) return flushed;
        if (refusal_) return error{errc::rejected, *refusal_};
        if (!safe_) return error{errc::storage_failed, "the journal did not say that it is safe"};
        return {};
    }

  private:
    void done(batch&& finished) override {
        safe_ = true;
        if (!finished.rejections.empty()) refusal_ = finished.rejections.front().reason;
    }

    std::shared_ptr<journal> const topic_;
    std::unique_ptr<sink> to_;
    bool open_ = false;
    bool safe_ = false;
    std::optional<std::string> refusal_;
};

result<std::shared_ptr<journal>> open_to_write(std::string const& folder) {
    auto opened = open_journal({.folder = folder});
    if (!opened) return opened.error();
    return *std::move(opened);
}

std::string tombstone_of(settled_letter const& letter, std::string_view why) {
    return fmt::format(R"({{"id":"{}","tombstone":true,"time":"{}","letter_time":"{}","why":"{}"}})", letter.id.text(),
                       iso_time(now_ns()), iso_time(letter.time_ms * ns_per_ms), why);
}

/// None for what is no tombstone.
std::optional<letter_entry> parse_tombstone(std::string_view text) {
    boost::system::error_code failed;
    auto const parsed = boost::json::parse(boost::json::string_view{text.data(), text.size()}, failed);
    auto const* from = failed ? nullptr : parsed.if_object();
    if (from == nullptr) return std::nullopt;
    auto const text_of = [&](std::string_view name) {
        auto const* value = from->if_contains(name);
        auto const* found = value == nullptr ? nullptr : value->if_string();
        return found == nullptr ? std::string_view{} : std::string_view{found->data(), found->size()};
    };
    auto const id = event_id::parse(text_of("id"));
    auto const time = parse_iso_time(text_of("letter_time"));
    if (!id || !time) return std::nullopt;
    return letter_entry{.id = *id, .time_ms = *time / ns_per_ms, .tombstone = true, .letter = std::nullopt, .part = {}};
}

class journal_letters final : public letter_topic {
  public:
    explicit journal_letters(std::string folder) : folder_{std::move(folder)} {}

    result<> scan(std::function<result<>(letter_entry const&)> const& each) override {
        if (auto told = scan_tombstones(each); !told) return told;
        return export_journal(folder_, [&](batch const& events) -> result<> {
            for (auto const& row : events.events)
                if (auto told = each(entry_of(events, row)); !told) return told;
            return {};
        });
    }

    /// One settles all parts: here nothing is compacted.
    result<> settle(std::span<settled_letter const> letters, std::string_view why) override {
        if (!done_) {
            auto opened = open_to_write(done_folder());
            if (!opened) return opened.error();
            done_.emplace(*std::move(opened));
        }
        batch events;
        for (auto const& each : letters)
            events.append(events.tag_index("logpipe.dead"), {}, now_ns(), tombstone_of(each, why));
        events.end_offset = letters.size();
        return done_->put(std::move(events));
    }

    /// Here a tombstone stands in a topic of its own and overtakes nothing.
    result<> put_again(std::span<letter_entry const> /*letters*/) override { return {}; }

  private:
    std::string done_folder() const { return folder_ + ".done"; }

    result<> scan_tombstones(std::function<result<>(letter_entry const&)> const& each) const {
        auto scanned = export_journal(done_folder(), [&](batch const& events) -> result<> {
            for (auto const& row : events.events)
                if (auto const tombstone = parse_tombstone(events.record(row)))
                    if (auto told = each(*tombstone); !told) return told;
            return {};
        });
        return !scanned && scanned.error().code == errc::not_found ? result<>{} : scanned;  // none was written yet
    }

    static letter_entry entry_of(batch const& events, event const& row) {
        letter_entry entry{.id = row.id, .time_ms = 0, .tombstone = false, .letter = std::nullopt, .part = {}};
        if (auto const letter = read_letter_frame(events.record(row))) {
            entry.letter = copy_of(*letter);
            entry.part = letter->part;
        } else if (auto read = parse_dead_letter(events.record(row))) {
            entry.letter = *std::move(read);  // in JSON, as logpipe wrote them before
        }
        if (!entry.letter) return entry;
        if (entry.letter->id) entry.id = entry.letter->id;
        entry.letter->id = entry.id;
        entry.time_ms = entry.letter->time_ns / ns_per_ms;
        return entry;
    }

    std::string const folder_;
    std::optional<journal_writer> done_;
};

}  // namespace

std::unique_ptr<letter_topic> make_journal_letters(std::string folder) {
    return std::make_unique<journal_letters>(std::move(folder));
}

result<letter_input> make_journal_input(std::string folder) {
    auto opened = open_to_write(folder);
    if (!opened) return opened.error();
    return make_journal_input(*std::move(opened));
}

letter_input make_journal_input(std::shared_ptr<journal> open) {
    // std::function copies what it holds, which a writer is not to be.
    auto writer = std::make_shared<journal_writer>(std::move(open));
    return letter_input{[writer](std::span<dead_letter const> letters) {
        batch events;
        for (auto const& each : letters) {
            auto& row = events.append(events.tag_index(each.tag), each.id, each.event_time_ns, each.record);
            row.received_ns = each.received_ns;
        }
        events.end_offset = letters.size();
        return writer->put(std::move(events));
    }};
}

}  // namespace logpipe
