#include "core/thread.hpp"

#include "core/log.hpp"

#include <pthread.h>

#include <csignal>
#include <cstdlib>
#include <exception>

namespace logpipe {

std::jthread start_thread(std::string name, std::function<void()> body) {
    return std::jthread{[name = std::move(name), body = std::move(body)] {
        pthread_setname_np(pthread_self(), name.substr(0, 15).c_str());
        // Signals are for the main thread, which waits for them.
        sigset_t all;
        sigfillset(&all);
        pthread_sigmask(SIG_BLOCK, &all, nullptr);
        try {
            body();
        } catch (std::exception const& failure) {
            log_error("{}: a bug: the thread ended by an exception: {}", name, failure.what());
            std::abort();
        }
    }};
}

}  // namespace logpipe
