// The pages of the monitor, each as the lines that fit its space.
#pragma once

#include "layout.hpp"

namespace logpipe::tui {

[[nodiscard]] std::vector<std::string> pumps_page(monitor_view& view, monitor_scene const& scene, screen_size room);
[[nodiscard]] std::vector<std::string> components_page(monitor_view& view, monitor_scene const& scene,
                                                       screen_size room);
[[nodiscard]] std::vector<std::string> warnings_page(monitor_view& view, monitor_scene const& scene, screen_size room);
[[nodiscard]] std::vector<std::string> help_page(screen_size room);

}  // namespace logpipe::tui
