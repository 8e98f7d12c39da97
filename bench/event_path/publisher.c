/*
 * Publishes ready-made MQTT 3.1.1 packets from a file, as fast as a window allows, or open loop.
 *
 *   publisher PORT CLIENT_ID FILE WINDOW
 *
 * FILE holds QoS 1 PUBLISH packets one after the other, their packet ids counting from 1 round to
 * 65535. At most WINDOW of them wait for the broker's PUBACK. Prints one line: nanoseconds of
 * CLOCK_MONOTONIC before the first byte was sent and after the last PUBACK came, and the count.
 * Exit 0: all acknowledged by the broker; 1: not; 2: usage.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { CHUNK = 64 * 1024, PUBACK = 0x40, CONNACK = 0x20, PATIENCE_MS = 60000 };

static void die(const char *what) {
    perror(what);
    exit(1);
}

static uint64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* The end of the packet that begins at `at`, or 0 where the file ends within it. */
static size_t packet_end(const uint8_t *data, size_t size, size_t at) {
    size_t length = 0, head = 1;
    for (unsigned shift = 0; shift < 28; shift += 7, head++) {
        if (at + head >= size) return 0;
        uint8_t byte = data[at + head];
        length |= (size_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80)) {
            size_t end = at + head + 1 + length;
            return end <= size ? end : 0;
        }
    }
    return 0;
}

static void write_all(int fd, const uint8_t *data, size_t size) {
    while (size) {
        ssize_t done = write(fd, data, size);
        if (done < 0) die("write");
        data += done;
        size -= (size_t)done;
    }
}

static int connect_to(uint16_t port, const char *client) {
    int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to)) die("connect");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    size_t length = strlen(client);
    uint8_t hello[140] = {0x10, (uint8_t)(12 + length), 0, 4, 'M', 'Q', 'T', 'T', 4, 2, 0, 0,
                          0, (uint8_t)length};
    if (length > 100) exit(2);
    memcpy(hello + 14, client, length);
    write_all(fd, hello, 14 + length);
    uint8_t answer[4];
    for (size_t had = 0; had < sizeof answer;) {
        ssize_t got = read(fd, answer + had, sizeof answer - had);
        if (got <= 0) die("CONNACK");
        had += (size_t)got;
    }
    if (answer[0] != CONNACK || answer[3] != 0) {
        fprintf(stderr, "the broker refused: %d\n", answer[3]);
        exit(1);
    }
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    return fd;
}

/* Reads what the broker says; gives how many PUBACKs were in it. */
static size_t take_acks(int fd) {
    static uint8_t held[CHUNK];
    static size_t have;
    size_t acks = 0;
    ssize_t got = read(fd, held + have, sizeof held - have);
    if (got == 0) {
        fprintf(stderr, "the broker hung up\n");
        exit(1);
    }
    if (got < 0) {
        if (errno == EAGAIN) return 0;
        die("read");
    }
    have += (size_t)got;
    size_t at = 0;
    while (at < have) {
        size_t end = packet_end(held, have, at);
        if (!end) break;
        acks += held[at] == PUBACK;
        at = end;
    }
    memmove(held, held + at, have - at);
    have -= at;
    return acks;
}

int main(int count, char **arguments) {
    if (count != 5) {
        fprintf(stderr, "publisher PORT CLIENT_ID FILE WINDOW\n");
        return 2;
    }
    int file = open(arguments[3], O_RDONLY);
    struct stat about;
    if (file < 0 || fstat(file, &about)) die(arguments[3]);
    size_t size = (size_t)about.st_size, window = (size_t)atol(arguments[4]);
    const uint8_t *data = mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, file, 0);
    if (data == MAP_FAILED) die("mmap");
    int fd = connect_to((uint16_t)atoi(arguments[1]), arguments[2]);
    uint64_t begun = now_ns();
    /* `written` lies at or before `ready`, the end of the last packet the window lets through. */
    size_t written = 0, ready = 0, let_through = 0, acknowledged = 0;
    while (ready < size || acknowledged < let_through) {
        while (ready < size && let_through - acknowledged < window && ready - written < CHUNK) {
            size_t end = packet_end(data, size, ready);
            if (!end) {
                fprintf(stderr, "the file ends within a packet\n");
                return 1;
            }
            ready = end;
            let_through++;
        }
        if (written < ready) {
            ssize_t done = write(fd, data + written, ready - written);
            if (done < 0 && errno != EAGAIN) die("write");
            if (done > 0) written += (size_t)done;
        }
        struct pollfd wait = {fd, (short)(POLLIN | (written < ready ? POLLOUT : 0)), 0};
        int room = ready < size && let_through - acknowledged < window;
        int events = poll(&wait, 1, written == ready && room ? 0 : PATIENCE_MS);
        if (events < 0) die("poll");
        if (events == 0 && !(written == ready && room)) {
            fprintf(stderr, "the broker says nothing any more\n");
            return 1;
        }
        if (wait.revents & (POLLIN | POLLHUP | POLLERR)) acknowledged += take_acks(fd);
    }
    printf("%llu %llu %zu\n", (unsigned long long)begun, (unsigned long long)now_ns(),
           acknowledged);
    static const uint8_t goodbye[2] = {0xe0, 0};
    write_all(fd, goodbye, sizeof goodbye);
    return 0;
}
