/* The simulator: the firmware on this machine, its link on a pseudo-terminal. */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "posix/sim.h"

#define LINE_MAX_LENGTH (2u * SIM_LINK_ROOM + 64u)
#define USAGE                                                                                      \
    "usage: keybox-sim --state FILE [--link pty|none|/dev/TTY] [--pty-link PATH]\n"                \
    "  [--clock real|manual] [--rtc SECONDS] [--rtc-ppm N] [--fitted leaf,bolt,rex,key,tamper,"    \
    "absent]\n  [--firmware-version N] [--firmware-key HEX] [--seed N] [--die-after-writes N] [--torn-seed N]\n"

struct options {
    const char *state;
    const char *link;
    const char *pty_link;
    const char *rtc;
};

/* Another simulator's lines are bytes, not text: no echo, no line ends, nothing translated. */
static bool make_raw(int fd)
{
    struct termios line;
    if (tcgetattr(fd, &line) != 0) {
        return false;
    }
    line.c_iflag &= (tcflag_t) ~(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON);
    line.c_oflag &= (tcflag_t)~OPOST;
    line.c_lflag &= (tcflag_t) ~(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
    line.c_cflag = (line.c_cflag & (tcflag_t) ~(CSIZE | PARENB)) | CS8 | CLOCAL | CREAD;
    line.c_cc[VMIN] = 0;
    line.c_cc[VTIME] = 0;
    (void)cfsetispeed(&line, B38400);
    (void)cfsetospeed(&line, B38400);
    return tcsetattr(fd, TCSANOW, &line) == 0;
}

static int open_pty(const char *alias)
{
    int fd = posix_openpt(O_RDWR | O_NOCTTY);
    const char *path = fd >= 0 && grantpt(fd) == 0 && unlockpt(fd) == 0 ? ptsname(fd) : NULL;
    /* An own far end stays open: the line does not hang up when a host goes. */
    int far = path != NULL ? open(path, O_RDWR | O_NOCTTY) : -1;
    if (far < 0 || !make_raw(far) || fcntl(fd, F_SETFL, O_NONBLOCK) != 0) {
        perror("pty");
        return -2;
    }
    if (alias != NULL && ((void)unlink(alias), symlink(path, alias) != 0)) {
        perror(alias);
        return -2;
    }
    sim_say("{\"link\": \"%s\"}", alias != NULL ? alias : path);
    return fd;
}

static int open_link(const struct options *options)
{
    if (strcmp(options->link, "none") == 0) {
        sim_say("{\"link\": null}");
        return -1;
    }
    if (strcmp(options->link, "pty") == 0) {
        return open_pty(options->pty_link);
    }
    int fd = open(options->link, O_RDWR | O_NOCTTY | O_NONBLOCK);
    if (fd < 0 || !make_raw(fd)) {
        perror(options->link);
        return -2;
    }
    sim_say("{\"link\": \"%s\"}", options->link);
    return fd;
}

static bool read_hex(const char *text, uint8_t bytes[32])
{
    if (strlen(text) != 64 || strspn(text, "0123456789abcdefABCDEF") != 64) {
        return false;
    }
    for (size_t i = 0; i < 32; i++) {
        char pair[3] = {text[2 * i], text[2 * i + 1], '\0'};
        bytes[i] = (uint8_t)strtoul(pair, NULL, 16);
    }
    return true;
}

static uint16_t fitted(const char *names)
{
    static const char *const NAMES[] = {"leaf", "bolt", "rex", "key", "tamper", "", "absent"};
    uint16_t bits = 0;
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
        if (NAMES[i][0] != '\0' && strstr(names, NAMES[i]) != NULL) {
            bits = (uint16_t)(bits | 1u << i);
        }
    }
    return bits;
}

static bool take_option(struct sim *sim, struct options *options, const char *name,
                        const char *value)
{
    if (strcmp(name, "--state") == 0) {
        options->state = value;
    } else if (strcmp(name, "--link") == 0) {
        options->link = value;
    } else if (strcmp(name, "--pty-link") == 0) {
        options->pty_link = value;
    } else if (strcmp(name, "--clock") == 0) {
        sim->is_manual = strcmp(value, "manual") == 0;
    } else if (strcmp(name, "--rtc") == 0) {
        options->rtc = value;
    } else if (strcmp(name, "--rtc-ppm") == 0) {
        sim->rtc_ppm = strtod(value, NULL);
    } else if (strcmp(name, "--fitted") == 0) {
        sim->hal.inputs_fitted = fitted(value);
    } else if (strcmp(name, "--firmware-version") == 0) {
        sim->firmware_version = (uint32_t)strtoul(value, NULL, 10);
    } else if (strcmp(name, "--firmware-key") == 0) {
        return read_hex(value, sim->firmware_key);
    } else if (strcmp(name, "--seed") == 0) {
        sim->random = strtoull(value, NULL, 10);
    } else if (strcmp(name, "--die-after-writes") == 0) {
        sim->die_after = strtoull(value, NULL, 10);
    } else if (strcmp(name, "--torn-seed") == 0) {
        sim->torn_seed = strtoull(value, NULL, 10);
    } else {
        return false;
    }
    return true;
}

static bool take_options(struct sim *sim, struct options *options, int count, char **arguments)
{
    for (int i = 1; i < count; i += 2) {
        if (i + 1 == count || !take_option(sim, options, arguments[i], arguments[i + 1])) {
            return false;
        }
    }
    return options->state != NULL;
}

/* Takes what stands on stdin and carries out whole lines; false at `quit` and at its end. */
static bool read_words(struct sim *sim, char *line, size_t *length)
{
    ssize_t count = read(STDIN_FILENO, line + *length, LINE_MAX_LENGTH - 1 - *length);
    if (count <= 0) {
        return false;
    }
    *length += (size_t)count;
    char *end;
    while ((end = memchr(line, '\n', *length)) != NULL) {
        *end = '\0';
        if (!sim_word(sim, line)) {
            return false;
        }
        size_t used = (size_t)(end + 1 - line);
        *length -= used;
        memmove(line, end + 1, *length);
    }
    if (*length == LINE_MAX_LENGTH - 1) {
        sim_say("error line too long");
        *length = 0;
    }
    return true;
}

static void run(struct sim *sim)
{
    static char line[LINE_MAX_LENGTH];
    size_t length = 0;
    for (;;) {
        uint32_t due = sim_settle(sim);
        struct pollfd watched[2] = {{.fd = STDIN_FILENO, .events = POLLIN},
                                    {.fd = sim->link_fd, .events = POLLIN}};
        /* By hand no time passes, so nothing falls due by itself. */
        int timeout = sim->is_manual ? -1 : (int)(due < 1000 ? due : 1000);
        (void)poll(watched, sim->link_fd >= 0 ? 2 : 1, timeout);
        if ((watched[0].revents & (POLLIN | POLLHUP)) != 0 && !read_words(sim, line, &length)) {
            return;
        }
    }
}

int main(int count, char **arguments)
{
    static struct sim sim = {.link_fd = -1,
                             .battery_mv = 3000,
                             .temperature = 200,
                             .firmware_version = 1,
                             .hal.inputs_fitted = KB_IN_LEAF_OPEN | KB_IN_BOLT_RETRACTED |
                                                  KB_IN_REX | KB_IN_MECHANICAL_KEY |
                                                  KB_IN_TAMPER | KB_IN_KEY_ABSENT};
    struct options options = {.link = "pty"};
    if (!take_options(&sim, &options, count, arguments)) {
        (void)fputs(USAGE, stderr);
        return 2;
    }
    if (!sim_flash_open(&sim, options.state)) {
        return 1;
    }
    sim_board_init(&sim);
    if (options.rtc != NULL) {
        sim_set_rtc(&sim, (uint32_t)strtoul(options.rtc, NULL, 10));
    }
    sim.link_fd = open_link(&options);
    if (sim.link_fd == -2) {
        return 1;
    }
    sim_start(&sim, KB_RESET_POWER);
    run(&sim);
    if (options.pty_link != NULL) {
        (void)unlink(options.pty_link);
    }
    return 0;
}
