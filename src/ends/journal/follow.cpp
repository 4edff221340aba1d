#include "environment.hpp"
#include "state_file.hpp"
#include "synced_board.hpp"
#include "topic_reader.hpp"

#include <fmt/format.h>

#include <thread>

namespace logpipe::journal {

namespace {

constexpr std::chrono::milliseconds look_interval{50};

/// None where a half-written state was seen: it is looked at again at the next turn.
result<std::optional<synced_mark>> look_at(file& state) {
    std::array<char, state_bytes> bytes{};
    auto const got = state.read_at(0, bytes);
    if (!got) return got.error();
    return decode_state({bytes.data(), *got});
}

}  // namespace

result<> follow_journal(std::string const& folder, std::function<result<bool>(batch const&)> const& each) {
    auto const state = system_files().open(state_path(folder), file_access::read);
    if (!state && state.error().code == errc::not_found)
        return error{errc::not_found, fmt::format("{}: there is no journal, or nobody has written it yet", folder)};
    if (!state) return state.error();
    auto const board = std::make_shared<synced_board>();
    topic_reader reader{system_files(), folder, board};
    bool begun = false;
    batch into;
    while (true) {
        auto const mark = look_at(**state);
        if (!mark) return mark.error();
        if (*mark) {
            board->publish(**mark);
            if (!begun) reader.seek((*mark)->offset);
            begun = true;
            into.clear();
            if (auto got = reader.read(into, **mark); !got && into.empty()) return got;
            into.origin = fmt::format("journal {}", folder);
        }
        auto const wanted = each(into);
        if (!wanted) return wanted.error();
        if (!*wanted) return {};
        if (into.empty()) std::this_thread::sleep_for(look_interval);
    }
}

}  // namespace logpipe::journal
