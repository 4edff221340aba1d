// Where events are, as the audit sees it.
#include "audit/audit.hpp"
#include "journal/journal.hpp"
#include "named_endpoint.hpp"
#include "part_sets.hpp"
#include "store/sqlite.hpp"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

namespace logpipe::audit {

namespace {

class journal_endpoint final : public named_endpoint {
  public:
    explicit journal_endpoint(std::string folder)
        : named_endpoint{"journal " + folder, endpoint_kind::input}, folder_{std::move(folder)} {}

    result<endpoint_facts> snapshot() override {
        auto const info = journal::inspect_journal(folder_);
        if (!info) return info.error();
        endpoint_facts facts;
        std::uint64_t next = 0;
        for (auto const& each : info->segments) {
            if (each.first_offset > next)
                facts.unseen.push_back(fmt::format("offsets {} to {} are {}", next, each.first_offset - 1,
                                                   next == 0 ? "freed" : "missing"));
            for (auto const& damage : each.damage) facts.unseen.push_back(damage);
            facts.visible += each.events;
            next = each.end_offset;
        }
        facts.total = next;
        readers_ = info->cursors;
        if (!info->cursors.empty()) {
            auto const& last = std::ranges::min(info->cursors, {}, &journal::journal_cursor_info::offset);
            safe_ = last.offset;
            facts.dropped = last.counts.dropped;
        }
        if (safe_ && *safe_ < next) facts.in_flight = next - *safe_;
        return facts;
    }

    result<> scan(each_sighting const& each) override {
        return journal::export_journal(folder_, [&](batch const& events) -> result<> {
            for (auto const& row : events.events)
                if (auto handled = each({.id = row.id, .is_in_flight = safe_ && row.offset >= *safe_}); !handled)
                    return handled;
            return {};
        });
    }

    result<> trace(trace_search& search) override {
        return journal::export_frames(folder_,
                                      [&](journal::journal_frame_place const& place, batch const& events) -> result<> {
                                          for (auto const& row : events.events)
                                              if (search.wants(row.id, events.record(row)))
                                                  search.add(row.id, step_of(place, events, row), events.record(row));
                                          return {};
                                      });
    }

  private:
    trace_step step_of(journal::journal_frame_place const& place, batch const& events, event const& row) const {
        trace_step step{.kind = step_kind::input,
                        .what = "received",
                        .time_ns = row.received_ns,
                        .facts = {{"tag", events.tags[row.tag]},
                                  {"chunk", row.id.at(0).text()},
                                  {"segment", std::string{place.segment}},
                                  {"offset", std::to_string(row.offset), true},
                                  {"epoch", fmt::format("{:016x}", place.epoch)}}};
        for (auto const& each : readers_)
            if (each.offset <= row.offset) step.waits.push_back(each.group);
        if (readers_.empty()) step.waits.emplace_back("a first reader");
        return step;
    }

    std::string const folder_;
    std::optional<std::uint64_t> safe_;  // where the last of the readers is
    std::vector<journal::journal_cursor_info> readers_;
};

/// What these stages reject has never been in a topic, so no input has it.
bool is_before_topics(std::string_view stage) {
    return stage == "forward" || stage == "ingest" || stage == "router" || stage == "journal";
}

class letters_endpoint final : public named_endpoint {
  public:
    letters_endpoint(std::string name, std::unique_ptr<letter_topic> letters)
        : named_endpoint{std::move(name), endpoint_kind::dead_letters}, letters_{std::move(letters)} {}

    result<endpoint_facts> snapshot() override {
        auto const list = list_letters(*letters_, 0, [](letter_summary const&) {});
        if (!list) return list.error();
        endpoint_facts facts{.total = 0, .visible = list->letters, .in_flight = 0, .unseen = {}};
        for (auto const& group : list->groups)
            if (!is_before_topics(group.stage)) facts.total += group.letters;
        if (list->incomplete > 0)
            facts.unseen.push_back(fmt::format("{} dead letters are incomplete", list->incomplete));
        if (list->unreadable > 0)
            facts.unseen.push_back(fmt::format("{} entries are not dead letters", list->unreadable));
        return facts;
    }

    result<> scan(each_sighting const& each) override {
        part_sets sets;
        return letters_->scan([&](letter_entry const& entry) -> result<> {
            auto time_ms = entry.time_ms;
            if (entry.letter && !entry.part.is_whole()) {
                // A letter whose parts are not all there keeps nothing.
                auto const complete = is_possible(entry.part) ? sets.add(entry) : std::nullopt;
                if (!complete) return {};
                time_ms = complete->time_ms;
            }
            // A time of 0 must not look like no letter.
            auto const time = static_cast<std::uint64_t>(std::max<std::int64_t>(time_ms, 1));
            return each({.id = entry.id, .is_in_flight = false, .letter = time * 2 + (entry.tombstone ? 1 : 0)});
        });
    }

    result<> trace(trace_search& search) override {
        return letters_->scan([&](letter_entry const& entry) -> result<> {
            std::string_view const record = entry.letter ? std::string_view{entry.letter->record} : std::string_view{};
            if (entry.part.index == 0 && search.wants(entry.id, record)) search.add(entry.id, step_of(entry), record);
            return {};
        });
    }

  private:
    static trace_step step_of(letter_entry const& entry) {
        auto const letter_ns = entry.time_ms * 1'000'000;
        if (entry.tombstone) {
            trace_step step{.kind = step_kind::resolved,
                            .what = entry.resolved_as.empty() ? "retried or purged" : entry.resolved_as,
                            .time_ns = entry.resolved_ns != 0 ? entry.resolved_ns : letter_ns,
                            .letter_ms = entry.time_ms};
            if (entry.attempts > 0) step.facts.push_back({"attempts", std::to_string(entry.attempts), true});
            return step;
        }
        trace_step step{
            .kind = step_kind::letter, .what = "dead letter", .time_ns = letter_ns, .letter_ms = entry.time_ms};
        if (entry.letter)
            step.facts = {
                {"stage", entry.letter->stage}, {"reason", entry.letter->reason}, {"origin", entry.letter->origin}};
        return step;
    }

    std::unique_ptr<letter_topic> const letters_;
};

result<> report_text(std::string_view text, each_sighting const& each) {
    auto const id = event_id::parse(text);
    if (!id) return error{errc::corrupt, fmt::format("a document has the id \"{}\", which logpipe did not make", text)};
    return each({.id = *id});
}

void add_document(trace_search& search, event_id id, std::string_view index, std::string_view document) {
    trace_step step{.kind = step_kind::stored, .what = "stored", .facts = {{"id", id.text()}}};
    if (!index.empty()) step.facts.push_back({"index", std::string{index}});
    boost::system::error_code failed;
    auto const parsed = boost::json::parse(boost::json::string_view{document.data(), document.size()}, failed);
    auto const* const time = failed ? nullptr : parsed.find_pointer("/@timestamp", failed);
    if (time != nullptr)
        step.facts.push_back(
            {"@timestamp", time->is_string() ? std::string{time->get_string()} : boost::json::serialize(*time)});
    search.add(id, std::move(step));
}

class opensearch_endpoint final : public named_endpoint {
  public:
    opensearch_endpoint(opensearch::opensearch_admin& cluster, std::string index)
        : named_endpoint{"opensearch " + index, endpoint_kind::store}, cluster_{cluster}, index_{std::move(index)} {}

    result<endpoint_facts> snapshot() override {
        if (auto visible = cluster_.refresh(index_); !visible) return visible.error();
        auto const documents = cluster_.count(index_);
        if (!documents) return documents.error();
        return endpoint_facts{.total = *documents, .visible = *documents, .in_flight = 0, .unseen = {}};
    }

    result<> scan(each_sighting const& each) override {
        if (auto visible = cluster_.refresh(index_); !visible) return visible;
        return cluster_.scan_ids(index_, [&](std::string_view text) { return report_text(text, each); });
    }

    result<> trace(trace_search& search) override {
        for (auto const& id : search.ids()) {
            auto const found = cluster_.find(index_, id.text());
            if (!found) return found.error();
            for (auto const& each : *found) add_document(search, id, each.index, each.source);
        }
        return {};
    }

  private:
    opensearch::opensearch_admin& cluster_;
    std::string const index_;
};

class sqlite_endpoint final : public named_endpoint {
  public:
    explicit sqlite_endpoint(std::string path)
        : named_endpoint{"sqlite " + path, endpoint_kind::store}, path_{std::move(path)} {}

    result<endpoint_facts> snapshot() override {
        auto const store = store::open_store(path_);
        if (!store) return store.error();
        auto const documents = (*store)->count();
        if (!documents) return documents.error();
        return endpoint_facts{.total = *documents, .visible = *documents, .in_flight = 0, .unseen = {}};
    }

    result<> scan(each_sighting const& each) override {
        auto const store = store::open_store(path_);
        if (!store) return store.error();
        return (*store)->scan_ids([&](std::string_view text) { return report_text(text, each); });
    }

    result<> trace(trace_search& search) override {
        auto const store = store::open_store(path_);
        if (!store) return store.error();
        for (auto const& id : search.ids()) {
            auto const document = (*store)->find(id.text());
            if (!document) return document.error();
            if (*document) add_document(search, id, {}, **document);
        }
        return {};
    }

  private:
    std::string const path_;
};

}  // namespace

std::unique_ptr<audited_endpoint> audit_journal(std::string folder) {
    return std::make_unique<journal_endpoint>(std::move(folder));
}
std::unique_ptr<audited_endpoint> audit_letters(std::string name, std::unique_ptr<letter_topic> letters) {
    return std::make_unique<letters_endpoint>(std::move(name), std::move(letters));
}
std::unique_ptr<audited_endpoint> audit_opensearch(opensearch::opensearch_admin& cluster, std::string index) {
    return std::make_unique<opensearch_endpoint>(cluster, std::move(index));
}
std::unique_ptr<audited_endpoint> audit_sqlite(std::string path) {
    return std::make_unique<sqlite_endpoint>(std::move(path));
}

}  // namespace logpipe::audit
