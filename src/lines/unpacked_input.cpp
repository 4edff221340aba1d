#include "lines/unpacked_input.hpp"

#include "codec/inflater.hpp"
#include "lines/binary_content.hpp"

#include <fmt/format.h>

#include <atomic>
#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>

namespace logpipe::lines {

namespace {

constexpr std::size_t piece_bytes_max = std::size_t{256} << 10U;

class unpacked_input final : public byte_input {
  public:
    unpacked_input(std::unique_ptr<byte_input> from, std::string name)
        : from_{std::move(from)}, name_{std::move(name)} {}

    result<> open() override { return from_->open(); }

    result<std::optional<input_piece>> read(steady_time until) override {
        if (!is_known_) {
            auto const found = find_format(until);
            if (!found) return found.error();
            if (!*found) return std::nullopt;
            if (!is_packed_ && !left_.empty()) return input_piece{.bytes = left_};
        }
        if (is_packed_) return inflate(until);
        if (ended_) return input_piece{.bytes = {}, .end = true};
        return from_->read(until);
    }

    bool repeatable() const override { return from_->repeatable(); }
    void wake() override { from_->wake(); }
    /// How much is in compressed data is not known before.
    std::optional<input_size> size() const override { return is_packed_ ? std::nullopt : from_->size(); }
    stage_status status() const override { return from_->status(); }

  private:
    /// @return false at `until`
    result<bool> find_format(steady_time until) {
        while (!is_known_) {
            auto const got = from_->read(until);
            if (!got) return got.error();
            if (!*got) return false;
            beginning_.append((*got)->bytes);
            ended_ = (*got)->end;
            auto const first = std::string_view{beginning_}.substr(0, zstd_magic.size());
            is_known_ = ended_ || !(gzip_magic.starts_with(first) || zstd_magic.starts_with(first));
        }
        left_ = beginning_;
        if (left_.starts_with(gzip_magic)) inflater_.emplace(codec::gzip_inflater{});
        if (left_.starts_with(zstd_magic)) inflater_.emplace(codec::zstd_inflater{});
        is_packed_ = inflater_.has_value();
        return true;
    }

    result<std::optional<input_piece>> inflate(steady_time until) {
        while (true) {
            content_.clear();
            if (auto done = inflater_->inflate(left_, content_, piece_bytes_max); !done)
                return in_context(name_, done.error());
            if (!content_.empty()) return input_piece{.bytes = content_};
            if (!left_.empty()) continue;
            if (ended_ && !inflater_->at_end())
                return error{errc::corrupt, name_ + " ends in the middle of its compressed data"};
            if (ended_) return input_piece{.bytes = {}, .end = true};
            auto const got = from_->read(until);
            if (!got || !*got) return got;
            left_ = (*got)->bytes;
            ended_ = (*got)->end;
        }
    }

    std::unique_ptr<byte_input> const from_;
    std::string const name_;
    std::string beginning_;  // until it is known what it is
    std::string_view left_;  // of it, or of the last piece: not inflated yet
    std::string content_;
    std::optional<codec::inflater> inflater_;
    bool is_known_ = false;
    bool ended_ = false;
    std::atomic<bool> is_packed_{false};
};

}  // namespace

std::unique_ptr<byte_input> make_unpacked(std::unique_ptr<byte_input> from, std::string name) {
    return std::make_unique<unpacked_input>(std::move(from), std::move(name));
}

}  // namespace logpipe::lines
