// Named threads: a stage is a thread that `top -H`, gdb and the log can tell from the others.
#pragma once

#include <functional>
#include <string>
#include <thread>

namespace logpipe {

/// At most 15 bytes of the name are kept by the kernel. An exception that leaves `body` is a bug that ends the process,
/// named.
[[nodiscard]] std::jthread start_thread(std::string name, std::function<void()> body);

}  // namespace logpipe
