// The time of day of a process, moved by $MOVED_CLOCK_SECONDS: a library to be preloaded (ld.so(8)). How long something
// takes stays as it is, and so do waits until a time of day, also those of C11's threads, which libfaketime leaves out.
#include <dlfcn.h>
#include <pthread.h>
#include <sys/time.h>
#include <threads.h>

#include <cstdlib>
#include <ctime>

namespace {

constexpr long long second_ns = 1'000'000'000;

long long offset_ns() {
    static long long const known = [] {
        char const* text = std::getenv("MOVED_CLOCK_SECONDS");
        return text == nullptr ? 0 : static_cast<long long>(std::strtod(text, nullptr) * 1e9);
    }();
    return known;
}

timespec moved(timespec at, long long by_ns) {
    auto const ns = at.tv_sec * second_ns + at.tv_nsec + by_ns;
    return {.tv_sec = ns / second_ns, .tv_nsec = ns % second_ns};
}

/// What the function is without this library.
template <class Function>
Function* real(Function* /*ours*/, char const* name) {
    return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" {

int clock_gettime(clockid_t clock, timespec* now) noexcept {
    static auto* const whole = real(&clock_gettime, "clock_gettime");
    int const failed = whole(clock, now);
    if (failed == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) *now = moved(*now, offset_ns());
    return failed;
}

int gettimeofday(timeval* now, void* /*zone*/) noexcept {
    timespec at{};
    clock_gettime(CLOCK_REALTIME, &at);
    *now = {.tv_sec = at.tv_sec, .tv_usec = at.tv_nsec / 1000};
    return 0;
}

time_t time(time_t* into) noexcept {
    timespec at{};
    clock_gettime(CLOCK_REALTIME, &at);
    if (into != nullptr) *into = at.tv_sec;
    return at.tv_sec;
}

int timespec_get(timespec* at, int base) noexcept {
    return base == TIME_UTC && clock_gettime(CLOCK_REALTIME, at) == 0 ? base : 0;
}

int cnd_timedwait(cnd_t* condition, mtx_t* mutex, timespec const* until) {
    static auto* const whole = real(&cnd_timedwait, "cnd_timedwait");
    auto const real_until = moved(*until, -offset_ns());
    return whole(condition, mutex, &real_until);
}

int pthread_cond_timedwait(pthread_cond_t* condition, pthread_mutex_t* mutex, timespec const* until) {
    static auto* const whole = real(&pthread_cond_timedwait, "pthread_cond_timedwait");
    auto const real_until = moved(*until, -offset_ns());
    return whole(condition, mutex, &real_until);
}

int pthread_cond_clockwait(pthread_cond_t* condition, pthread_mutex_t* mutex, clockid_t clock, timespec const* until) {
    static auto* const whole = real(&pthread_cond_clockwait, "pthread_cond_clockwait");
    auto const real_until = clock == CLOCK_REALTIME ? moved(*until, -offset_ns()) : *until;
    return whole(condition, mutex, clock, &real_until);
}

}  // extern "C"
