// The time of day of a process, moved by $MOVED_CLOCK_SECONDS: preload it (ld.so(8)). How long something takes stays as
// it is, and so do waits until a time of day, also those of C11's threads, which libfaketime leaves out.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/time.h>
#include <threads.h>
#include <time.h>

static long long offset_ns(void) {
    static _Thread_local long long known;
    static _Thread_local int is_known;
    if (!is_known) {
        char const* text = getenv("MOVED_CLOCK_SECONDS");
        known = text == NULL ? 0 : (long long)(strtod(text, NULL) * 1e9);
        is_known = 1;
    }
    return known;
}

static struct timespec moved(struct timespec at, long long by_ns) {
    long long const ns = at.tv_sec * 1000000000LL + at.tv_nsec + by_ns;
    return (struct timespec){.tv_sec = ns / 1000000000LL, .tv_nsec = ns % 1000000000LL};
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

int clock_gettime(clockid_t clock, struct timespec* now) {
    static __typeof__(&clock_gettime) real;
    if (real == NULL) real = REAL(clock_gettime);
    int const failed = real(clock, now);
    if (failed == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) *now = moved(*now, offset_ns());
    return failed;
}

int gettimeofday(struct timeval* restrict now, void* restrict zone) {
    (void)zone;
    struct timespec at;
    clock_gettime(CLOCK_REALTIME, &at);
    *now = (struct timeval){.tv_sec = at.tv_sec, .tv_usec = at.tv_nsec / 1000};
    return 0;
}

time_t time(time_t* into) {
    struct timespec at;
    clock_gettime(CLOCK_REALTIME, &at);
    if (into != NULL) *into = at.tv_sec;
    return at.tv_sec;
}

int timespec_get(struct timespec* at, int base) {
    return base == TIME_UTC && clock_gettime(CLOCK_REALTIME, at) == 0 ? base : 0;
}

int cnd_timedwait(cnd_t* restrict condition, mtx_t* restrict mutex, struct timespec const* restrict until) {
    struct timespec const real_until = moved(*until, -offset_ns());
    return REAL(cnd_timedwait)(condition, mutex, &real_until);
}

int pthread_cond_timedwait(pthread_cond_t* restrict condition, pthread_mutex_t* restrict mutex,
                           struct timespec const* restrict until) {
    struct timespec const real_until = moved(*until, -offset_ns());
    return REAL(pthread_cond_timedwait)(condition, mutex, &real_until);
}

int pthread_cond_clockwait(pthread_cond_t* restrict condition, pthread_mutex_t* restrict mutex, clockid_t clock,
                           struct timespec const* restrict until) {
    struct timespec const real_until = clock == CLOCK_REALTIME ? moved(*until, -offset_ns()) : *until;
    return REAL(pthread_cond_clockwait)(condition, mutex, clock, &real_until);
}
