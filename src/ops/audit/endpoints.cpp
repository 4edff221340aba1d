// Where events are, as the audit sees it.
#include "audit/audit.hpp"
#include "journal/journal.hpp"
#include "named_endpoint.hpp"
#include "part_sets.hpp"
#include "store/sqlite.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
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

  private:
    std::string const folder_;
    std::optional<std::uint64_t> safe_;  // where the last of the readers is
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

  private:
    std::unique_ptr<letter_topic> const letters_;
};

result<> report_text(std::string_view text, each_sighting const& each) {
    auto const id = event_id::parse(text);
    if (!id) return error{errc::corrupt, fmt::format("a document has the id \"{}\", which logpipe did not make", text)};
    return each({.id = *id});
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
