#include "command_line.hpp"
#include "core/log.hpp"

#include <exception>

int main(int argument_count, char** arguments) {
    try {
        return logpipe::cli::run_command_line(argument_count, arguments);
    } catch (std::exception const& failure) {
        logpipe::log_error("a bug, or no memory left: {}", failure.what());
        return 1;
    }
}
