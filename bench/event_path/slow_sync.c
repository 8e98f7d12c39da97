/*
 * For LD_PRELOAD: a disk that syncs slowly, and a record of when each sync was done.
 *
 *   KAGIMORI_SYNC_DELAY_US   added to each fsync and fdatasync, after the real one
 *   KAGIMORI_SYNC_RECORD     a file that gets, for each, two 64-bit numbers of this machine's byte
 *                            order: nanoseconds of CLOCK_REALTIME at its begin and at its end
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static int (*real_fsync)(int), (*real_fdatasync)(int);
static struct timespec delay;
static int record = -1;

__attribute__((constructor)) static void begin(void) {
    const char *text = getenv("KAGIMORI_SYNC_DELAY_US"), *path = getenv("KAGIMORI_SYNC_RECORD");
    long us = text ? atol(text) : 0;
    real_fsync = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
    real_fdatasync = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    delay.tv_sec = us / 1000000;
    delay.tv_nsec = us % 1000000 * 1000;
    if (path) record = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static uint64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static int slowly(int (*real)(int), int fd) {
    uint64_t span[2] = {now_ns(), 0};
    int result = real(fd);
    if (delay.tv_sec || delay.tv_nsec) nanosleep(&delay, NULL);
    span[1] = now_ns();
    if (record >= 0 && write(record, span, sizeof span) != sizeof span) abort();
    return result;
}

int fsync(int fd) { return slowly(real_fsync, fd); }

int fdatasync(int fd) { return slowly(real_fdatasync, fd); }
