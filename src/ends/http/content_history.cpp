#include "content_history.hpp"

#include <algorithm>

namespace logpipe::http {

namespace {

error changed() {
    return error{errc::rejected, "the content changed while it was read; start a new run"};
}

}  // namespace

content_history::content_history() {
    given_.begin({}, {});
}

void content_history::start_over() {
    position_bytes_ = 0;
    repeat_.begin({}, {});
}

result<std::string_view> content_history::pass(std::string_view piece) {
    if (position_bytes_ < given_bytes_) {
        auto const known = piece.substr(0, std::min<std::uint64_t>(piece.size(), given_bytes_ - position_bytes_));
        repeat_.add_entries(known);
        position_bytes_ += known.size();
        if (position_bytes_ == given_bytes_ && repeat_.finish() != given_.finish()) return changed();
        piece.remove_prefix(known.size());
    }
    given_.add_entries(piece);
    given_bytes_ += piece.size();
    position_bytes_ += piece.size();
    return piece;
}

result<> content_history::finish() const {
    if (position_bytes_ < given_bytes_) return changed();
    return {};
}

}  // namespace logpipe::http
