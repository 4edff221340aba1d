#include "logpipe/pipeline.hpp"

#include "base/base64.hpp"
#include "base/clock.hpp"
#include "base/json_text.hpp"
#include "base/utf8.hpp"

#include <fmt/format.h>

#include <mutex>
#include <optional>

namespace logpipe {

namespace {

void append_field(std::string& out, std::string_view name, std::string_view value) {
    if (out.size() > 1) out.push_back(',');
    append_json_string(out, name);
    out.push_back(':');
    append_json_string(out, value);
}

}  // namespace

std::string to_json(dead_letter const& letter) {
    std::string out = "{";
    if (letter.id) append_field(out, "id", letter.id.text());
    append_field(out, "stage", letter.stage);
    append_field(out, "reason", letter.reason);
    append_field(out, "origin", letter.origin);
    append_field(out, "tag", letter.tag);
    append_field(out, "time", iso_time(letter.time_ns));
    if (letter.received_ns != 0) append_field(out, "received", iso_time(letter.received_ns));
    if (is_utf8(letter.record)) {
        append_field(out, "record", letter.record);
    } else {
        std::string encoded(base64_bytes(letter.record.size()), '\0');
        write_base64(encoded.data(), letter.record);
        append_field(out, "record_base64", encoded);
    }
    out.push_back('}');
    return out;
}

namespace {

/// Writes letters as JSON records through a sink that is safe once it has called back.
class dead_letter_writer final : public dead_letters, private completions {
  public:
    explicit dead_letter_writer(std::unique_ptr<sink> to) : to_{std::move(to)} {}

    result<> put(std::span<dead_letter const> letters) override {
        std::lock_guard lock{mutex_};
        if (!open_) {
            if (auto opened = to_->open(*this); !opened) return in_context("dead letters", opened.error());
            open_ = true;
        }
        batch events;
        for (auto const& letter : letters) {
            // Without an id of its own: two letters of one chunk would look like a repeat of it. The id is in the text.
            events.append(events.tag_index("logpipe.dead"), {}, letter.time_ns, to_json(letter));
        }
        events.end_offset = letters.size();
        finished_.reset();
        if (auto written = to_->write(events); !written) return failed(written.error());
        if (auto flushed = to_->flush(); !flushed) return failed(flushed.error());
        if (!finished_) return failed(error{errc::storage_failed, "the dead letters' sink did not finish"});
        if (!finished_->rejections.empty()) return failed(error{errc::rejected, finished_->rejections.front().reason});
        return {};
    }

  private:
    void done(batch&& finished) override { finished_ = std::move(finished); }
    error failed(error const& why) {
        open_ = false;
        return in_context("dead letters", why);
    }

    std::mutex mutex_;  // guards all below
    std::unique_ptr<sink> to_;
    bool open_ = false;
    std::optional<batch> finished_;
};

}  // namespace

std::unique_ptr<dead_letters> make_dead_letters(std::unique_ptr<sink> to) {
    return std::make_unique<dead_letter_writer>(std::move(to));
}

}  // namespace logpipe
