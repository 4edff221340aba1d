#include "opensearch/opensearch.hpp"

#include "bulk_sender.hpp"
#include "index_set_up.hpp"
#include "index_tending.hpp"
#include "opensearch_metrics.hpp"
#include "server_requests.hpp"

#include "core/log.hpp"
#include "core/mutex.hpp"
#include "core/reload.hpp"
#include "core/secrets.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <optional>
#include <utility>

namespace logpipe::opensearch {

namespace {

/// Owned by a pump, whose sink thread calls everything but cancel() and status(). At least once: what is sent twice
/// finds its own ids there.
class opensearch_sink final : public sink {
  public:
    opensearch_sink(opensearch_sink_options options, std::shared_ptr<request_pace> pace)
        : options_{std::move(options)},
          pace_{std::move(pace)},
          pattern_{index_pattern::parse(options_.index)},
          queue_{std::max<std::size_t>(1, options_.requests_in_flight_max / 2), make_choice()} {}

    [[nodiscard]] result<> open(completions& reports) override;
    [[nodiscard]] result<> write(batch& events) override;
    [[nodiscard]] result<> flush() override;
    [[nodiscard]] result<std::optional<std::vector<progress>>> stored(std::string const&) override {
        return std::optional<std::vector<progress>>{};
    }
    void cancel() override;
    [[nodiscard]] stage_status status() const override;

  private:
    [[nodiscard]] result<> reload();
    [[nodiscard]] result<> check_options() const;
    [[nodiscard]] result<> check_index(std::vector<net::http_target> targets);

    [[nodiscard]] std::unique_ptr<index_choice> make_choice() const;
    [[nodiscard]] std::unique_ptr<index_tending> make_tending(net::http_target first) const;
    [[nodiscard]] result<std::vector<net::http_target>> targets_now() const;

    opensearch_sink_options const options_;
    std::shared_ptr<request_pace> const pace_;
    result<index_pattern> const pattern_;
    completions* reports_ = nullptr;
    bulk_queue queue_;
    std::unique_ptr<bulk_sender> sender_;
    std::unique_ptr<index_tending> tending_;  // of dated indices
    mutable mutex mutex_;
    bool cancelled_ LOGPIPE_GUARDED_BY(mutex_) = false;
    net::http_client* client_ LOGPIPE_GUARDED_BY(mutex_) = nullptr;  // while open() connects
    bulk_sender const* shown_ LOGPIPE_GUARDED_BY(mutex_) = nullptr;  // sender_, and with it tending_, for status()
    reload_entry reload_;                                            // after the sender, which it uses
};

result<> opensearch_sink::open(completions& reports) {
    if (sender_) return {};
    if (auto good = check_options(); !good) return good;
    auto targets = make_targets(options_.connection);
    if (!targets) return targets.error();
    auto admin_targets = make_targets(options_.connection);
    if (!admin_targets) return admin_targets.error();
    if (auto checked = check_index(*std::move(admin_targets)); !checked)
        return in_context("opensearch", checked.error());
    if (pattern_->has_period()) {
        auto first = make_targets(options_.connection);
        if (!first) return first.error();
        tending_ = make_tending(std::move(first->front()));
    }
    sender_ = std::make_unique<bulk_sender>(options_, *std::move(targets), queue_, pace_, reports);
    reports_ = &reports;
    {
        mutex_lock lock{mutex_};
        shown_ = sender_.get();
    }
    auto const& to = options_.connection;
    if (to.tls || !to.password_file.empty() || !to.api_key_file.empty())
        reload_ = reload_entry{"opensearch_sink", [this] { return reload(); }};
    return {};
}

/// Null where the path of requests names the one index.
std::unique_ptr<index_choice> opensearch_sink::make_choice() const {
    if (!pattern_ || pattern_->is_one_index()) return nullptr;
    using namespace std::chrono;
    return std::make_unique<index_choice>(
        index_choice_options{.pattern = *pattern_,
                             .tags = options_.tags,
                             .window_ns = duration_cast<nanoseconds>(options_.index_window).count(),
                             .age_max_ns = duration_cast<nanoseconds>(options_.settings.age_max).count()});
}

std::unique_ptr<index_tending> opensearch_sink::make_tending(net::http_target first) const {
    std::vector<std::string> tags{std::string{other_tags}};
    for (auto const& tag : options_.tags) tags.push_back(tag_in_index(tag));
    using namespace std::chrono;
    return std::make_unique<index_tending>(
        std::move(first),
        index_tending_options{.targets = [this] { return targets_now(); },
                              .pattern = *pattern_,
                              .tags = std::move(tags),
                              .age_max_ns = duration_cast<nanoseconds>(options_.settings.age_max).count()});
}

/// With the secrets that their files hold now.
result<std::vector<net::http_target>> opensearch_sink::targets_now() const {
    auto to = options_.connection;
    for (auto [file, secret] : {std::pair{&to.password_file, &to.password}, std::pair{&to.api_key_file, &to.api_key}}) {
        if (file->empty()) continue;
        auto read = read_secret(*file);
        if (!read) return read.error();
        *secret = *std::move(read);
    }
    return make_targets(to);
}

/// For the next request; an open connection keeps its certificates.
result<> opensearch_sink::reload() {
    auto targets = targets_now();
    if (!targets) return targets.error();
    sender_->use(*std::move(targets));
    return {};
}

result<> opensearch_sink::check_options() const {
    if (!pattern_) return in_context("opensearch", pattern_.error());
    if (options_.requests_in_flight_max == 0 || options_.bulk_events_max == 0 || options_.bulk_bytes_max == 0)
        return error{errc::invalid_argument, "opensearch: at least one request of one document must be allowed"};
    if (options_.document_tries == 0)
        return error{errc::invalid_argument, "opensearch: at least one attempt at a document must be allowed"};
    return {};
}

/// Checks that the server responds and accepts our credentials, and what its index is like.
result<> opensearch_sink::check_index(std::vector<net::http_target> targets) {
    net::http_client client{std::move(targets.front())};
    targets.erase(targets.begin());
    {
        mutex_lock lock{mutex_};
        if (cancelled_) return error{errc::cancelled, "cancelled"};
        client_ = &client;
    }
    auto checked = choose_server(client, std::move(targets));
    if (checked)
        checked =
            options_.check_mapping
                ? prepare_index(client,
                                {.pattern = *pattern_, .documents = options_.documents, .settings = options_.settings},
                                options_.require_rolling)
                : check_server(client);
    mutex_lock lock{mutex_};
    client_ = nullptr;
    return checked;
}

result<> opensearch_sink::write(batch& events) {
    auto const limits = bulk_limits{.bytes_max = sender_->body_bytes_max(), .events_max = options_.bulk_events_max};
    auto added = queue_.add(events, limits, options_.compress);
    if (!added) return added.error();
    if (*added) reports_->done(*std::move(*added));
    sender_->wake();  // even so: what was flushed before may wait for the queue
    return {};
}

result<> opensearch_sink::flush() {
    if (queue_.cancelled()) return error{errc::cancelled, "cancelled"};
    queue_.flush();
    sender_->wake();
    return {};
}

void opensearch_sink::cancel() {
    queue_.cancel();
    mutex_lock lock{mutex_};
    cancelled_ = true;
    if (client_ != nullptr) client_->cancel();
}

stage_status opensearch_sink::status() const {
    stage_status now;
    now.name = "opensearch_sink";
    mutex_lock lock{mutex_};
    if (shown_ == nullptr) return now;
    shown_->describe(now);
    now.metrics.push_back({metrics::expired, queue_.expired_events()});
    now.metrics.push_back({metrics::deleted_indices, tending_ ? tending_->deleted_indices() : 0});
    return now;
}

}  // namespace

std::unique_ptr<sink> make_opensearch_sink(opensearch_sink_options options, std::shared_ptr<request_pace> pace) {
    if (!pace)
        pace = std::make_shared<request_pace>(
            request_pace_options{.requests_max = options.requests_in_flight_max, .bytes_max = options.bulk_bytes_max});
    return std::make_unique<opensearch_sink>(std::move(options), std::move(pace));
}

}  // namespace logpipe::opensearch
