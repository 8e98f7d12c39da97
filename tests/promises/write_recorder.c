/* Records, in order, everything a process does to the files of one folder: for replaying a power
 * loss at any moment. Preloaded; KAGIMORI_WATCH names the folder, KAGIMORI_RECORD the log.
 *
 * A record: op (1 byte), inode, x, y (8 bytes each), lengths of path and data (4 each), the bytes.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FDS 4096

static int log_fd = -2;
static const char *folder;
static char watched[FDS];

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static int recording(void) {
    if (log_fd == -2) {
        const char *path = getenv("KAGIMORI_RECORD");
        folder = getenv("KAGIMORI_WATCH");
        log_fd = path && folder ? (int)syscall(SYS_openat, AT_FDCWD, path,
                                               O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)
                                : -1;
    }
    return log_fd >= 0;
}

static void put(const void *bytes, size_t count) {
    const char *at = bytes;
    while (count > 0) {
        ssize_t done = syscall(SYS_write, log_fd, at, count);
        if (done <= 0) abort();
        at += done;
        count -= (size_t)done;
    }
}

static void record(char op, uint64_t inode, uint64_t x, uint64_t y, const char *path,
                   const void *data, size_t count) {
    uint32_t lengths[2] = {path ? (uint32_t)strlen(path) : 0, (uint32_t)count};
    uint64_t numbers[3] = {inode, x, y};
    char head[1 + sizeof numbers + sizeof lengths];
    head[0] = op;
    memcpy(head + 1, numbers, sizeof numbers);
    memcpy(head + 1 + sizeof numbers, lengths, sizeof lengths);
    put(head, sizeof head);
    if (path) put(path, lengths[0]);
    if (count) put(data, count);
}

static int inside(const char *path) {
    return recording() && path && strncmp(path, folder, strlen(folder)) == 0;
}

static uint64_t inode_of(int fd) {
    struct stat now;
    return fstat(fd, &now) == 0 ? (uint64_t)now.st_ino : 0;
}

static int is_watched(int fd) {
    return fd >= 0 && fd < FDS && watched[fd];
}

/* Called by the writer: notes what it was promised so far. */
void kagimori_mark(const char *text) {
    if (recording()) record('M', 0, 0, 0, NULL, text, strlen(text));
}

static int opened(const char *path, int flags, mode_t mode, int (*call)(const char *, int, mode_t)) {
    struct stat before;
    int existed = inside(path) && stat(path, &before) == 0;
    int fd = call(path, flags, mode);
    if (fd >= 0 && fd < FDS && inside(path)) {
        watched[fd] = 1;
        if (!existed) record('C', inode_of(fd), 0, 0, path, NULL, 0);
        if (existed && (flags & O_TRUNC)) record('T', inode_of(fd), 0, 0, NULL, NULL, 0);
    }
    return fd;
}

static int real_open(const char *path, int flags, mode_t mode) {
    return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

#define MODE_ARGUMENT                      \
    mode_t mode = 0;                       \
    if (flags & (O_CREAT | O_TMPFILE)) {   \
        va_list list;                      \
        va_start(list, flags);             \
        mode = (mode_t)va_arg(list, int);  \
        va_end(list);                      \
    }

int open(const char *path, int flags, ...) { MODE_ARGUMENT return opened(path, flags, mode, real_open); }
int open64(const char *path, int flags, ...) { MODE_ARGUMENT return opened(path, flags, mode, real_open); }
int __open_2(const char *path, int flags) { return opened(path, flags, 0, real_open); }
int __open64_2(const char *path, int flags) { return opened(path, flags, 0, real_open); }

int close(int fd) {
    if (fd >= 0 && fd < FDS) watched[fd] = 0;
    return (int)syscall(SYS_close, fd);
}

static ssize_t wrote(int fd, const void *data, off_t at, ssize_t done) {
    if (done > 0 && is_watched(fd)) record('W', inode_of(fd), (uint64_t)at, 0, NULL, data, (size_t)done);
    return done;
}

ssize_t write(int fd, const void *data, size_t count) {
    off_t at = is_watched(fd) ? lseek(fd, 0, SEEK_CUR) : 0;
    return wrote(fd, data, at, syscall(SYS_write, fd, data, count));
}

ssize_t pwrite(int fd, const void *data, size_t count, off_t at) {
    return wrote(fd, data, at, syscall(SYS_pwrite64, fd, data, count, at));
}

ssize_t pwrite64(int fd, const void *data, size_t count, off64_t at) {
    return pwrite(fd, data, count, at);
}

int ftruncate(int fd, off_t size) {
    int done = (int)syscall(SYS_ftruncate, fd, size);
    if (done == 0 && is_watched(fd)) record('T', inode_of(fd), (uint64_t)size, 0, NULL, NULL, 0);
    return done;
}

int ftruncate64(int fd, off64_t size) { return ftruncate(fd, size); }

int posix_fallocate(int fd, off_t at, off_t size) {
    int done = REAL(posix_fallocate)(fd, at, size);
    if (done == 0 && is_watched(fd)) record('A', inode_of(fd), (uint64_t)at, (uint64_t)size, NULL, NULL, 0);
    return done;
}

int posix_fallocate64(int fd, off64_t at, off64_t size) { return posix_fallocate(fd, at, size); }

int fsync(int fd) {
    int done = (int)syscall(SYS_fsync, fd);
    if (done == 0 && is_watched(fd)) record('S', inode_of(fd), 0, 0, NULL, NULL, 0);
    return done;
}

int fdatasync(int fd) {
    int done = (int)syscall(SYS_fdatasync, fd);
    if (done == 0 && is_watched(fd)) record('S', inode_of(fd), 0, 0, NULL, NULL, 0);
    return done;
}

int rename(const char *from, const char *to) {
    int done = (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
    if (done == 0 && inside(to)) record('R', 0, 0, 0, from, to, strlen(to));
    return done;
}

int renameat(int from_dir, const char *from, int to_dir, const char *to) {
    if (from_dir == AT_FDCWD && to_dir == AT_FDCWD) return rename(from, to);
    return (int)syscall(SYS_renameat2, from_dir, from, to_dir, to, 0);
}

int unlink(const char *path) {
    int done = (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
    if (done == 0 && inside(path)) record('U', 0, 0, 0, path, NULL, 0);
    return done;
}

int unlinkat(int dir, const char *path, int flags) {
    if (dir == AT_FDCWD && flags == 0) return unlink(path);
    return (int)syscall(SYS_unlinkat, dir, path, flags);
}
