#include "journal/journal.hpp"

#include "environment.hpp"
#include "journal_sink.hpp"
#include "journal_source.hpp"
#include "topic_writer.hpp"

namespace logpipe::journal {

namespace {

class written_topic final : public topic {
  public:
    written_topic(std::shared_ptr<topic_writer> writer, environment world)
        : writer_{std::move(writer)}, world_{std::move(world)} {}

    std::unique_ptr<sink> make_sink(journal_duplicates duplicates) override {
        return journal::make_sink(writer_, duplicates);
    }
    std::unique_ptr<source> make_source(std::string group) override {
        return journal::make_source({.folder = writer_->folder(), .group = std::move(group)}, world_, writer_);
    }
    journal_recovery const& recovery() const override { return writer_->report(); }
    std::uint64_t synced_offset() const override { return writer_->mark()->get().offset; }
    std::uint64_t duplicate_events() const override {
        return writer_->figures().duplicate_events.load(std::memory_order_relaxed);
    }
    result<std::uint64_t> free(std::span<offset_range const> ranges) override { return writer_->free(ranges); }
    result<> tend() override { return writer_->tend(); }

  private:
    // Shared with the sinks and sources, which may outlive us.
    std::shared_ptr<topic_writer> const writer_;
    environment const world_;
};

}  // namespace

result<std::shared_ptr<topic>> open_journal(journal_options options, environment world) {
    auto writer = topic_writer::open(std::move(options), world);
    if (!writer) return writer.error();
    return std::shared_ptr<topic>{std::make_shared<written_topic>(*std::move(writer), std::move(world))};
}

std::unique_ptr<source> make_journal_source(journal_source_options options, environment world) {
    return make_source(std::move(options), std::move(world), nullptr);
}

result<std::shared_ptr<topic>> open_journal(journal_options options) {
    return open_journal(std::move(options), environment{});
}

std::unique_ptr<source> make_journal_source(journal_source_options options) {
    return make_journal_source(std::move(options), environment{});
}

}  // namespace logpipe::journal
