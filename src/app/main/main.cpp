#include "base/log.hpp"
#include "command_line.hpp"

#include <exception>

int main(int argument_count, char** arguments) {
    try {
        return logpipe::run_command_line(argument_count, arguments);
    } catch (std::exception const& failure) {
        logpipe::log_error("a bug, or no memory left: {}", failure.what());
        return 1;
    }
}
