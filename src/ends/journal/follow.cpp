#include "environment.hpp"
#include "shared_mark.hpp"
#include "state_file.hpp"
#include "topic_folder.hpp"
#include "topic_reader.hpp"

#include <fmt/format.h>

#include <thread>

namespace logpipe::journal {

namespace {

constexpr std::chrono::milliseconds poll_interval{50};

/// None where a half-written state was seen: it is read again at the next turn.
result<std::optional<synced_mark>> read_state(file& state) {
    std::array<char, state_bytes> bytes{};
    auto const got = state.read_at(0, bytes);
    if (!got) return got.error();
    return decode_state({bytes.data(), *got});
}

}  // namespace

result<> follow_journal(std::string const& folder, std::function<result<bool>(batch const&)> const& each) {
    auto const state = system_files().open(state_path(folder), file_access::read);
    if (!state && state.error().code == errc::not_found)
        return error{errc::not_found,
                     fmt::format("{}: no journal here yet{}", folder, nearest_journal_hint(system_files(), folder))};
    if (!state) return state.error();
    auto const shared = std::make_shared<shared_mark>();
    topic_reader reader{system_files(), folder, shared};
    bool begun = false;
    batch into;
    while (true) {
        auto const mark = read_state(**state);
        if (!mark) return mark.error();
        if (*mark) {
            shared->publish(**mark);
            if (!begun) reader.seek((*mark)->offset);
            begun = true;
            into.clear();
            if (auto got = reader.read(into, **mark); !got && into.empty()) return got;
            into.origin = fmt::format("journal {}", folder);
        }
        auto const wanted = each(into);
        if (!wanted) return wanted.error();
        if (!*wanted) return {};
        if (into.empty()) std::this_thread::sleep_for(poll_interval);
    }
}

}  // namespace logpipe::journal
