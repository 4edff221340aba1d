#include "ends.hpp"

#include <algorithm>
#include <array>

// The one list of ends, in the order of the reference: each is a folder src/ends/NAME that defines NAME_end.
// clang-format off
#define LOGPIPE_ENDS(END) \
    END(files)      \
    END(http)       \
    END(ingest)     \
    END(demo)       \
    END(forward)    \
    END(journal)    \
    END(kafka)      \
    END(docker)     \
    END(loki)       \
    END(opensearch) \
    END(store)      \
    END(syslog)     \
    END(tcp)
// clang-format on

// The one list of transforms: NAME_transform of namespace FOLDER.
#define LOGPIPE_TRANSFORMS(TRANSFORM) TRANSFORM(formats, normalize)

#define LOGPIPE_DECLARE_END(name)           \
    namespace logpipe::name {               \
    extern end_descriptor const name##_end; \
    }
LOGPIPE_ENDS(LOGPIPE_DECLARE_END)
#undef LOGPIPE_DECLARE_END

#define LOGPIPE_DECLARE_TRANSFORM(folder, name)         \
    namespace logpipe::folder {                         \
    extern transform_descriptor const name##_transform; \
    }
LOGPIPE_TRANSFORMS(LOGPIPE_DECLARE_TRANSFORM)
#undef LOGPIPE_DECLARE_TRANSFORM

namespace logpipe::cli {

namespace {

#define LOGPIPE_ADDRESS_OF_END(name) &name::name##_end,
constexpr std::array all{LOGPIPE_ENDS(LOGPIPE_ADDRESS_OF_END)};
#undef LOGPIPE_ADDRESS_OF_END

#define LOGPIPE_ADDRESS_OF_TRANSFORM(folder, name) &folder::name##_transform,
constexpr std::array all_transforms{LOGPIPE_TRANSFORMS(LOGPIPE_ADDRESS_OF_TRANSFORM)};
#undef LOGPIPE_ADDRESS_OF_TRANSFORM

}  // namespace

std::span<end_descriptor const* const> ends() noexcept {
    return all;
}

std::span<transform_descriptor const* const> transforms() noexcept {
    return all_transforms;
}

transform_descriptor const* transform_of_name(std::string_view name) noexcept {
    auto const found = std::ranges::find(all_transforms, name, &transform_descriptor::name);
    return found == all_transforms.end() ? nullptr : *found;
}

end_descriptor const* end_of_scheme(std::string_view scheme) noexcept {
    for (auto const* end : all)
        for (auto const* schemes : {&end->source_schemes, &end->sink_schemes})
            if (std::ranges::find(*schemes, scheme) != schemes->end()) return end;
    return nullptr;
}

std::vector<std::string_view> const& schemes_of(end_descriptor const& end, end_role role) noexcept {
    return role == end_role::source ? end.source_schemes : end.sink_schemes;
}

std::vector<option> const& options_of(end_descriptor const& end, end_role role) noexcept {
    switch (role) {
        case end_role::source:
            return end.source_options;
        case end_role::sink:
            return end.sink_options;
        case end_role::requests:
            return end.connection_options;
        case end_role::set_up:
            return end.set_up_options;
        case end_role::transform:
        case end_role::documents:
            break;
    }
    static std::vector<option> const none;
    return none;
}

std::vector<option> options_of(end_descriptor const& end) {
    std::vector<option> all;
    for (auto const role : {end_role::source, end_role::sink, end_role::requests, end_role::set_up})
        for (auto const& each : options_of(end, role))
            if (std::ranges::find(all, each.name, &option::name) == all.end()) all.push_back(each);
    return all;
}

}  // namespace logpipe::cli
