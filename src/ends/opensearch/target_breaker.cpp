#include "target_breaker.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace logpipe::opensearch {

namespace {

struct hint {
    std::string_view words;  // in the reason
    std::string_view advice;
};

constexpr std::array hints{
    hint{"pipeline", "create that ingest pipeline, or take it out of the index's settings"},
    hint{"no write index", "give the alias a write index (is_write_index)"},
    hint{"index_closed_exception", "open the index"},
    hint{"validation_exception", "raise the limit of shards or delete indices (cluster.max_shards_per_node)"},
    hint{"certificate", "check --ca-file and the server's certificate"},
    hint{"401", "check user name, password or API key"},
    hint{"403", "this user needs the right to create documents in the index"},
    hint{"404", "create the index, or let the server do it (action.auto_create_index)"},
};

std::string_view hint_for(std::string_view reason) {
    constexpr std::string_view whole = "HTTP ";
    auto const status = reason.substr(reason.starts_with(whole) ? whole.size() : 0, 3);
    for (auto const& each : hints)
        if (each.words == status || (each.words.size() > 3 && reason.contains(each.words))) return each.advice;
    return "correct it in OpenSearch";
}

/// Without what is in brackets and single quotes: names and values.
std::string kind_of(std::string_view reason) {
    std::string kind;
    char until = 0;
    for (char const c : reason) {
        if (until != 0) {
            if (c == until) until = 0;
            continue;
        }
        if (c == '[' || c == '\'') until = c == '[' ? ']' : '\'';
        kind.push_back(c);
    }
    return kind;
}

}  // namespace

bool is_proof(bulk_outcome const& response) noexcept {
    return std::ranges::any_of(response.items, is_stored) ||
           std::ranges::any_of(response.reasons, [&](item_reason const& each) {
               return response.items[each.item] == item_fate::rejected && each.names_document;
           });
}

void target_breaker::proved() noexcept {
    ++proofs_;
    failing_count_ = 0;
}

void target_breaker::note(bulk_outcome const& response, history of_request) {
    if (is_proof(response)) return proved();
    if (is_open()) return;
    auto const pauses = [&](item_reason const& each) { return response.items[each.item] == item_fate::pause; };
    if (auto const first = std::ranges::find_if(response.reasons, pauses); first != response.reasons.end())
        return open(first->words);
    bool refused = false;
    for (auto const& each : response.reasons) {
        auto const fate = response.items[each.item];
        if (fate == item_fate::retry) return;  // it is busy; nothing is known of the others
        if (each.names_document) return;
        refused = refused || fate == item_fate::rejected;
    }
    if (response.reasons.empty() || of_request == history::had_it_open) return;
    if (of_request == history::left_over && !refused) return;
    auto kind = kind_of(response.reasons.front().words);
    if (refused) {
        // One reason for all; what is wrong with a server inside may be put in many words.
        auto const is_other = [&](item_reason const& each) { return kind_of(each.words) != kind; };
        if (std::ranges::any_of(response.reasons, is_other)) return;
        if (failing_ != kind) failing_count_ = 0;
    }
    failing_ = std::move(kind);
    failing_count_ += response.reasons.size();
    if (failing_count_ >= documents_min) open(response.reasons.front().words);
}

void target_breaker::was_rejected(std::string_view reason) {
    count(true);
    if (is_open() || rejects_min_ == 0 || rejects_ < rejects_min_ || 2 * rejects_ <= counted_) return;
    for_rejects_ = true;
    reason_ = fmt::format(
        "paused: {} of the last {} documents were rejected, the newest: {}; correct the mapping or the producer of the "
        "documents; one document is sent as a probe from time to time, and sending continues once one is stored",
        rejects_, counted_, reason);
}

void target_breaker::open(std::string_view reason) {
    for_rejects_ = false;
    reason_ = fmt::format(
        "paused: {}; {}; nothing is rejected meanwhile, one document is sent as a probe from time to time, and sending "
        "continues once it is stored",
        reason, hint_for(reason));
}

void target_breaker::close() {
    reason_.clear();
    for_rejects_ = false;
    failing_count_ = 0;
    newest_.assign(newest_.size(), false);
    next_ = counted_ = rejects_ = 0;
}

void target_breaker::count(bool rejected) noexcept {
    if (newest_.empty()) return;
    if (newest_[next_]) --rejects_;
    newest_[next_] = rejected;
    if (rejected) ++rejects_;
    next_ = (next_ + 1) % newest_.size();
    if (counted_ < newest_.size()) ++counted_;
}

}  // namespace logpipe::opensearch
