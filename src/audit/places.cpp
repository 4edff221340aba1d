// Where events are, as the audit sees it.
#include "logpipe/audit.hpp"
#include "logpipe/journal.hpp"
#include "logpipe/sqlite.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

namespace logpipe {

namespace {

using each_sighting = std::function<result<>(audited_place::sighting const&)>;

/// What all of them have in common.
class named_place : public audited_place {
  public:
    named_place(std::string name, place_kind kind) : name_{std::move(name)}, kind_{kind} {}
    std::string const& name() const final { return name_; }
    place_kind kind() const final { return kind_; }

  private:
    std::string const name_;
    place_kind const kind_;
};

class kafka_place final : public named_place {
  public:
    kafka_place(kafka_admin& cluster, std::string topic, std::vector<std::string> groups)
        : named_place{"kafka " + topic, place_kind::input},
          cluster_{cluster},
          topic_{std::move(topic)},
          groups_{std::move(groups)} {}

    result<place_facts> look() override {
        if (auto found = find_positions(); !found) return found.error();
        auto const partitions = cluster_.partitions(topic_);
        if (!partitions) return partitions.error();
        place_facts facts;
        for (auto const& part : *partitions) {
            facts.total += static_cast<std::uint64_t>(part.end);
            facts.visible += static_cast<std::uint64_t>(part.end - part.begin);
            facts.on_their_way += static_cast<std::uint64_t>(part.end - std::clamp(safe(part), part.begin, part.end));
            if (part.begin > 0)
                facts.unseen.push_back(
                    fmt::format("partition {}: offsets 0 to {} have expired", part.partition, part.begin - 1));
        }
        return facts;
    }

    result<> scan(each_sighting const& each) override {
        auto const partitions = cluster_.partitions(topic_);
        if (!partitions) return partitions.error();
        for (auto const& part : *partitions) {
            auto const from = safe(part);
            auto scanned = cluster_.scan(topic_, part.partition, part.begin, part.end, [&](kafka_message const& what) {
                return each({.id = what.id, .on_its_way = what.offset >= from});
            });
            if (!scanned) return scanned;
        }
        return {};
    }

  private:
    /// The last of the positions of those groups that read this topic.
    result<> find_positions() {
        positions_.reset();
        for (auto const& name : groups_) {
            auto const group = cluster_.group(name, topic_);
            if (!group && group.error().code == errc::not_found) continue;
            if (!group) return group.error();
            for (auto const& each : group->positions) {
                if (each.committed < 0) continue;
                if (!positions_) positions_.emplace();
                auto const [known, first] = positions_->try_emplace(each.partition, each.committed);
                if (!first) known->second = std::min(known->second, each.committed);
            }
        }
        return {};
    }

    /// Where nobody has a position, all of it is to be in the store; where somebody reads, but this partition not yet,
    /// none of it.
    std::int64_t safe(kafka_partition const& part) const {
        if (!positions_) return part.end;
        auto const found = positions_->find(part.partition);
        return found == positions_->end() ? part.begin : found->second;
    }

    kafka_admin& cluster_;
    std::string const topic_;
    std::vector<std::string> const groups_;
    std::optional<std::map<std::int32_t, std::int64_t>> positions_;
};

class journal_place final : public named_place {
  public:
    explicit journal_place(std::string folder)
        : named_place{"journal " + folder, place_kind::input}, folder_{std::move(folder)} {}

    result<place_facts> look() override {
        auto const info = inspect_journal(folder_);
        if (!info) return info.error();
        place_facts facts;
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
        if (!info->cursors.empty()) safe_ = std::ranges::min(info->cursors, {}, &journal_cursor_info::offset).offset;
        if (safe_ && *safe_ < next) facts.on_their_way = next - *safe_;
        return facts;
    }

    result<> scan(each_sighting const& each) override {
        return export_journal(folder_, [&](batch const& events) -> result<> {
            for (auto const& row : events.events)
                if (auto told = each({.id = row.id, .on_its_way = safe_ && row.offset >= *safe_}); !told) return told;
            return {};
        });
    }

  private:
    std::string const folder_;
    std::optional<std::uint64_t> safe_;  // where the last of the readers is
};

/// What these stages refuse has never been in a topic, so no input has it.
bool is_before_topics(std::string_view stage) {
    return stage == "forward" || stage == "ingest" || stage == "router";
}

class letters_place final : public named_place {
  public:
    letters_place(std::string name, std::unique_ptr<letter_topic> letters)
        : named_place{std::move(name), place_kind::dead_letters}, letters_{std::move(letters)} {}

    result<place_facts> look() override {
        auto const list = list_letters(*letters_, 0, [](letter_summary const&) {});
        if (!list) return list.error();
        place_facts facts{.total = 0, .visible = list->letters, .on_their_way = 0, .unseen = {}};
        for (auto const& group : list->groups)
            if (!is_before_topics(group.stage)) facts.total += group.letters;
        if (list->unreadable > 0) facts.unseen.push_back(fmt::format("{} entries are no letter", list->unreadable));
        return facts;
    }

    result<> scan(each_sighting const& each) override {
        return letters_->scan([&](letter_entry const& entry) {
            // A time of 0 must not look like no letter.
            auto const time = static_cast<std::uint64_t>(std::max<std::int64_t>(entry.time_ms, 1));
            return each({.id = entry.id, .on_its_way = false, .letter = time * 2 + (entry.tombstone ? 1 : 0)});
        });
    }

  private:
    std::unique_ptr<letter_topic> const letters_;
};

result<> tell_text(std::string_view text, each_sighting const& each) {
    auto const id = event_id::parse(text);
    if (!id) return error{errc::corrupt, fmt::format("a document has the id \"{}\", which is none of logpipe's", text)};
    return each({.id = *id});
}

class opensearch_place final : public named_place {
  public:
    opensearch_place(opensearch_admin& cluster, std::string index)
        : named_place{"opensearch " + index, place_kind::store}, cluster_{cluster}, index_{std::move(index)} {}

    result<place_facts> look() override {
        if (auto visible = cluster_.refresh(index_); !visible) return visible.error();
        auto const documents = cluster_.count(index_);
        if (!documents) return documents.error();
        return place_facts{.total = *documents, .visible = *documents, .on_their_way = 0, .unseen = {}};
    }

    result<> scan(each_sighting const& each) override {
        if (auto visible = cluster_.refresh(index_); !visible) return visible;
        return cluster_.scan_ids(index_, [&](std::string_view text) { return tell_text(text, each); });
    }

  private:
    opensearch_admin& cluster_;
    std::string const index_;
};

class sqlite_place final : public named_place {
  public:
    explicit sqlite_place(std::string path)
        : named_place{"sqlite " + path, place_kind::store}, path_{std::move(path)} {}

    result<place_facts> look() override {
        auto const store = open_store(path_);
        if (!store) return store.error();
        auto const documents = (*store)->count();
        if (!documents) return documents.error();
        return place_facts{.total = *documents, .visible = *documents, .on_their_way = 0, .unseen = {}};
    }

    result<> scan(each_sighting const& each) override {
        auto const store = open_store(path_);
        if (!store) return store.error();
        return (*store)->scan_ids([&](std::string_view text) { return tell_text(text, each); });
    }

  private:
    std::string const path_;
};

}  // namespace

std::unique_ptr<audited_place> audit_kafka(kafka_admin& cluster, std::string topic, std::vector<std::string> groups) {
    return std::make_unique<kafka_place>(cluster, std::move(topic), std::move(groups));
}
std::unique_ptr<audited_place> audit_journal(std::string folder) {
    return std::make_unique<journal_place>(std::move(folder));
}
std::unique_ptr<audited_place> audit_letters(std::string name, std::unique_ptr<letter_topic> letters) {
    return std::make_unique<letters_place>(std::move(name), std::move(letters));
}
std::unique_ptr<audited_place> audit_opensearch(opensearch_admin& cluster, std::string index) {
    return std::make_unique<opensearch_place>(cluster, std::move(index));
}
std::unique_ptr<audited_place> audit_sqlite(std::string path) {
    return std::make_unique<sqlite_place>(std::move(path));
}

}  // namespace logpipe
