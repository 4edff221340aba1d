#include "operator_ends.hpp"

#include "formats/normalize.hpp"
#include "targets.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

namespace logpipe::cli {

namespace {

constexpr std::string_view dead_letters_suffix = ".dlq";

/// A hop's dead letters are beside the journal it reads: JOURNAL.dlq or JOURNAL.HOP.dlq.
/// @return the journal; empty where there is none
std::string journal_of_dead_letters(std::string_view folder) {
    if (!folder.ends_with(dead_letters_suffix)) return {};
    folder.remove_suffix(dead_letters_suffix.size());
    auto const name_at = folder.rfind('/') + 1;  // npos + 1 is 0
    while (!std::filesystem::exists(folder)) {
        auto const dot = folder.rfind('.');
        if (dot == std::string_view::npos || dot <= name_at) return {};
        folder = folder.substr(0, dot);
    }
    return std::string{folder};
}

std::vector<std::string> dead_letters_of_journal(std::string const& folder) {
    auto const path = std::filesystem::path{folder}.lexically_normal();
    auto const parent = path.parent_path();
    std::vector<std::string> found;
    std::error_code failed;
    for (auto const& each : std::filesystem::directory_iterator{parent.empty() ? "." : parent, failed}) {
        auto beside = (parent / each.path().filename()).string();
        if (journal_of_dead_letters(beside) == path) found.push_back(std::move(beside));
    }
    std::ranges::sort(found);
    return found;
}

error no_such_end(end_uri const& uri, std::string_view what, std::string_view known) {
    return {errc::invalid_argument,
            fmt::format("{}: \"{}:\" cannot be a {}; available: {}", uri.whole, uri.scheme, what, known)};
}

}  // namespace

std::string input_of_letters(std::string const& uri) {
    constexpr std::string_view journal = "journal:";
    if (uri.starts_with(journal)) {
        auto const folder = journal_of_dead_letters(std::string_view{uri}.substr(journal.size()));
        return folder.empty() ? folder : std::string{journal} + folder;
    }
    return uri.ends_with(dead_letters_suffix) ? uri.substr(0, uri.size() - dead_letters_suffix.size()) : std::string{};
}

result<operator_ends::kafka_topic> operator_ends::kafka(end_uri const& uri) {
    if (uri.scheme != "kafka") return no_such_end(uri, "topic of Kafka", "kafka://HOST:PORT/TOPIC");
    auto place = kafka_target_of(options_, uri);
    if (!place) return place.error();
    auto const cluster = kafka_in(kafkas_, place->connection);
    if (!cluster) return cluster.error();
    return kafka_topic{.cluster = **cluster, .topic = std::move(place->topic)};
}

result<kafka::kafka_admin*> operator_ends::kafka_uncommitted(end_uri const& uri) {
    auto place = kafka_target_of(options_, uri);
    if (!place) return place.error();
    place->connection.properties.emplace_back("isolation.level", "read_uncommitted");
    return kafka_in(uncommitted_kafkas_, place->connection);
}

result<kafka::kafka_admin*> operator_ends::kafka_in(kafka_admins& all,
                                                    kafka::kafka_connection const& connection) const {
    auto& cluster = all[connection.brokers];
    if (!cluster) {
        auto made = kafka::make_kafka_admin(connection, options_.duration("timeout"));
        if (!made) return made.error();
        cluster = *std::move(made);
    }
    return cluster.get();
}

result<operator_ends::opensearch_index> operator_ends::opensearch(end_uri const& uri) {
    if (!uri.scheme.starts_with("opensearch"))
        return no_such_end(uri, "index of OpenSearch", "opensearch://HOST:PORT/INDEX, and opensearchs:// for TLS");
    auto place = opensearch_target_of(options_, uri);
    if (!place) return place.error();
    auto& cluster = opensearches_[uri.scheme + ' ' + place->connection.address];
    if (!cluster) {
        auto mapping = formats::mapping_of(options_);
        if (!mapping) return mapping.error();
        cluster = opensearch::make_opensearch_admin(place->connection, std::move(mapping->documents));
    }
    return opensearch_index{.cluster = *cluster, .index = std::move(place->index)};
}

result<std::unique_ptr<audit::letter_topic>> operator_ends::letters(std::string const& uri) {
    auto const parsed = parse_uri(uri);
    if (!parsed) return parsed.error();
    if (parsed->scheme == "journal") return audit::make_journal_letters(parsed->rest);
    if (parsed->scheme != "kafka") return no_such_end(*parsed, "topic of dead letters", "kafka:, journal:");
    auto const where = kafka(*parsed);
    if (!where) return where.error();
    return audit::make_kafka_letters(where->cluster, where->topic);
}

result<audit::letter_input> operator_ends::input(std::string const& uri) {
    auto const parsed = parse_uri(uri);
    if (!parsed) return parsed.error();
    if (parsed->scheme == "journal") {
        auto opened = audit::make_journal_input(parsed->rest);
        if (opened || opened.error().code != errc::busy) return opened;
        return error{errc::busy, opened.error().message + ": stop it, retry, and start it again"};
    }
    if (parsed->scheme != "kafka") return no_such_end(*parsed, "topic", "kafka:, journal:");
    auto const where = kafka(*parsed);
    if (!where) return where.error();
    return audit::make_kafka_input(where->cluster, where->topic);
}

result<> operator_ends::add_input(std::string const& uri, std::vector<std::unique_ptr<audit::audited_endpoint>>& to) {
    auto const parsed = parse_uri(uri);
    if (!parsed) return parsed.error();
    if (parsed->scheme == "journal") {
        to.push_back(audit::audit_journal(parsed->rest));
        for (auto const& folder : dead_letters_of_journal(parsed->rest))
            to.push_back(audit::audit_letters("journal " + folder, audit::make_journal_letters(folder)));
        return {};
    }
    if (parsed->scheme != "kafka") return no_such_end(*parsed, "topic", "kafka:, journal:");
    auto const where = kafka(*parsed);
    if (!where) return where.error();
    auto groups = options_.list("group");
    if (groups.empty()) groups = {"consume", "index"};
    to.push_back(audit::audit_kafka(
        where->cluster, [this, uri = *parsed] { return kafka_uncommitted(uri); }, where->topic, std::move(groups)));
    auto const letters = where->topic + ".dlq";
    if (auto there = where->cluster.partitions(letters); !there)
        return there.error().code == errc::not_found ? result<>{} : there.error();
    to.push_back(audit::audit_letters("kafka " + letters, audit::make_kafka_letters(where->cluster, letters)));
    return {};
}

result<std::unique_ptr<audit::audited_endpoint>> operator_ends::store(std::string const& uri) {
    auto const parsed = parse_uri(uri);
    if (!parsed) return parsed.error();
    if (parsed->scheme == "sqlite") return audit::audit_sqlite(parsed->rest);
    if (!parsed->scheme.starts_with("opensearch"))
        return no_such_end(*parsed, "store", "opensearch:, opensearchs:, sqlite:");
    auto const where = opensearch(*parsed);
    if (!where) return where.error();
    return audit::audit_opensearch(where->cluster, where->index);
}

result<std::vector<std::unique_ptr<audit::audited_endpoint>>> operator_ends::audited() {
    auto to = store(options_.text("to"));
    if (!to) return to.error();
    std::vector<std::unique_ptr<audit::audited_endpoint>> places;
    for (auto const& uri : options_.list("from"))
        if (auto added = add_input(uri, places); !added) return added.error();
    for (auto const& uri : options_.list("dead-letters")) {
        auto beside = letters(uri);
        if (!beside) return beside.error();
        places.push_back(audit::audit_letters(uri, *std::move(beside)));
    }
    places.push_back(*std::move(to));
    return places;
}

}  // namespace logpipe::cli
