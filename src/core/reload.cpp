#include "core/reload.hpp"

#include "core/log.hpp"
#include "core/mutex.hpp"

#include <map>
#include <utility>

namespace logpipe {

namespace {

struct participant {
    std::string name;
    std::function<result<>()> reload;
};

struct reload_list {
    mutex access;
    std::uint64_t last_number LOGPIPE_GUARDED_BY(access) = 0;
    std::map<std::uint64_t, participant> all LOGPIPE_GUARDED_BY(access);
};

reload_list& list() {
    static reload_list instance;
    return instance;
}

}  // namespace

reload_entry::reload_entry(std::string name, std::function<result<>()> reload) {
    mutex_lock const lock{list().access};
    number_ = ++list().last_number;
    list().all.emplace(number_, participant{.name = std::move(name), .reload = std::move(reload)});
}

reload_entry::reload_entry(reload_entry&& other) noexcept : number_{std::exchange(other.number_, 0)} {}

reload_entry& reload_entry::operator=(reload_entry&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
}

reload_entry::~reload_entry() {
    if (number_ == 0) return;
    mutex_lock const lock{list().access};
    list().all.erase(number_);
}

void reload_files() {
    mutex_lock const lock{list().access};
    if (list().all.empty()) log_info("SIGHUP: this process has no certificates or secrets to reload");
    for (auto const& [number, each] : list().all) {
        if (auto const done = each.reload(); !done)
            log_error("SIGHUP: {} keeps its previous certificates and secrets: {}", each.name, done.error().message);
        else
            log_info("SIGHUP: {} reloaded its certificates and secrets", each.name);
    }
}

}  // namespace logpipe
