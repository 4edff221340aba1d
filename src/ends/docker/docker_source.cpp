#include "docker_metrics.hpp"
#include "engine_watch.hpp"
#include "positions_file.hpp"

#include "docker/docker.hpp"

#include <fmt/format.h>

#include <atomic>
#include <random>

namespace logpipe::docker {

namespace {

constexpr std::size_t line_bytes_limit = std::size_t{16} << 20U;

std::string new_identity() {
    std::random_device random;
    return fmt::format("docker:{:08x}{:08x}", random(), random());
}

/// At least once by itself, from the positions file: what was read and not yet safe is read again after a restart.
/// Offsets count the lines since the process started, so a sink keeps none for us.
class container_source final : public source {
  public:
    explicit container_source(docker_source_options options)
        : options_{std::move(options)},
          identity_{new_identity()},
          inbox_{options_.inbox_bytes_max, options_.unsafe_bytes_max},
          watch_{options_, inbox_} {}

    result<> open() override {
        if (options_.line_bytes_max < 1024 || options_.line_bytes_max > line_bytes_limit)
            return error{errc::invalid_argument,
                         fmt::format("docker: the longest line must be 1024 to {} bytes", line_bytes_limit)};
        if (!(options_.limited_lines_per_second >= 1))
            return error{errc::invalid_argument, "docker: --limited-rate: must be at least one line a second"};
        if (auto loaded = load(); !loaded) return in_context("docker", loaded.error());
        if (auto started = watch_.start(); !started) return in_context("docker", started.error());
        return {};
    }
    std::string identity() const override { return identity_; }
    std::optional<event_counts> counted() const override { return before_; }
    result<> seek(std::span<position const> stored) override {
        if (stored.empty()) return {};
        return error{errc::invalid_argument, "docker: positions are kept in the positions file only"};
    }
    result<> read(batch& into, steady_time until) override {
        bool made_room = false;
        auto const taken = inbox_.take(into, until, made_room);
        if (made_room) watch_.made_room();
        if (taken == line_inbox::taken::closed_and_empty) return error{errc::end_of_input, "docker: stopped"};
        return {};
    }
    result<> commit(std::span<progress const> safe) override {
        if (inbox_.commit(safe)) {
            unsaved_ = true;
            watch_.made_room();
        }
        if (!unsaved_ || options_.positions_file.empty()) return {};
        // What is not stored is committed once more, so it counts only once it is.
        auto counts = stored_;
        for (auto const& part : safe) counts += part.counts;
        auto const stored = store_positions(system_files(), options_.positions_file,
                                            {.counts = counts, .containers = inbox_.safe_positions()});
        if (!stored) return in_context("docker", stored.error());
        stored_ = counts;
        unsaved_ = false;
        return {};
    }
    void stop() override { watch_.stop(); }
    void wake() override { inbox_.wake(); }

    stage_status status() const override {
        stage_status status;
        status.name = "docker_source";
        watch_.describe(status);
        status.metrics.emplace_back(metrics::pending_bytes, inbox_.bytes());
        status.metrics.emplace_back(metrics::unsafe_bytes, inbox_.unsafe_bytes());
        status.metrics.emplace_back(metrics::lines, inbox_.lines());
        return status;
    }

  private:
    result<> load() {
        if (loaded_ || options_.positions_file.empty()) return {};
        auto found = load_positions(system_files(), options_.positions_file);
        if (!found) return found.error();
        before_ = stored_ = found->counts;
        inbox_.restore(std::move(found->containers));
        loaded_ = true;
        return {};
    }

    docker_source_options const options_;
    std::string const identity_;
    event_counts before_;  // what the file had when it was read
    event_counts stored_;  // what it has
    bool loaded_ = false;
    bool unsaved_ = false;
    line_inbox inbox_;
    engine_watch watch_;  // after the inbox, which it fills
};

}  // namespace

std::unique_ptr<source> make_docker_source(docker_source_options options) {
    return std::make_unique<container_source>(std::move(options));
}

}  // namespace logpipe::docker
