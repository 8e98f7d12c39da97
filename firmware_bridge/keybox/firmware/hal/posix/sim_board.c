/* The hardware table of the simulated board. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "kb_mem.h"
#include "sim.h"

#define BOLT_TRAVEL_MS 120u
#define WRITE_PATIENCE_MS 200

void sim_say(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vprintf(format, arguments);
    va_end(arguments);
    (void)putchar('\n');
    (void)fflush(stdout);
}

/* --- time ------------------------------------------------------------------------------------ */

uint64_t sim_true_ms(const struct sim *sim)
{
    struct timespec now;
    if (sim->is_manual) {
        return sim->kept->true_ms;
    }
    /* Of this machine's clock, so that the RTC goes on while the simulator does not run. */
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static uint64_t monotonic_ms(void *self)
{
    const struct sim *sim = self;
    struct timespec now;
    if (sim->is_manual) {
        return sim->kept->true_ms - sim->start_true_ms;
    }
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000 - sim->start_true_ms;
}

static bool rtc_read(void *self, uint32_t *seconds)
{
    const struct sim *sim = self;
    double passed_ms = (double)sim_true_ms(sim) - (double)sim->kept->rtc_true_ms;
    int64_t shown_ms =
        sim->kept->rtc_ms + (int64_t)(passed_ms * (1.0 + sim->rtc_ppm / 1000000.0));
    *seconds = shown_ms < 0 ? 0 : (uint32_t)(shown_ms / 1000);
    return sim->kept->rtc_known != 0;
}

void sim_set_rtc(struct sim *sim, uint32_t seconds)
{
    sim->kept->rtc_ms = (int64_t)seconds * 1000;
    sim->kept->rtc_true_ms = sim_true_ms(sim);
    sim->kept->rtc_known = 1;
}

static bool rtc_write(void *self, uint32_t seconds)
{
    sim_set_rtc(self, seconds);
    return true;
}

/* --- link ------------------------------------------------------------------------------------ */

static size_t uart_read(void *self, uint8_t *data, size_t room)
{
    struct sim *sim = self;
    if (sim->link_fd >= 0) {
        ssize_t count = read(sim->link_fd, data, room);
        return count > 0 ? (size_t)count : 0;
    }
    size_t count = sim->link_length - sim->link_taken;
    count = count < room ? count : room;
    memcpy(data, sim->link + sim->link_taken, count);
    sim->link_taken += count;
    return count;
}

static void uart_write(void *self, const uint8_t *data, size_t length)
{
    struct sim *sim = self;
    if (sim->link_fd < 0) {
        (void)fputs("event link ", stdout);
        for (size_t i = 0; i < length; i++) {
            (void)printf("%02x", data[i]);
        }
        sim_say("");
        return;
    }
    while (length > 0) {
        ssize_t count = write(sim->link_fd, data, length);
        if (count > 0) {
            data += count;
            length -= (size_t)count;
            continue;
        }
        struct pollfd room = {.fd = sim->link_fd, .events = POLLOUT};
        if (errno != EAGAIN || poll(&room, 1, WRITE_PATIENCE_MS) <= 0) {
            return; /* nobody reads: lost, as on a wire */
        }
    }
}

/* --- board ----------------------------------------------------------------------------------- */

static bool random_bytes(void *self, uint8_t *data, size_t length)
{
    struct sim *sim = self;
    if (sim->is_random_broken) {
        return false;
    }
    if (sim->random == 0) {
        FILE *source = fopen("/dev/urandom", "rb");
        size_t count = source != NULL ? fread(data, 1, length, source) : 0;
        if (source != NULL) {
            (void)fclose(source);
        }
        return count == length;
    }
    for (size_t i = 0; i < length; i++) {
        sim->random = sim->random * 6364136223846793005u + 1442695040888963407u;
        data[i] = (uint8_t)(sim->random >> 56);
    }
    return true;
}

static uint16_t battery_mv(void *self)
{
    return ((struct sim *)self)->battery_mv;
}

static int16_t temperature(void *self)
{
    return ((struct sim *)self)->temperature;
}

static uint16_t inputs(void *self)
{
    const struct sim *sim = self;
    uint16_t shown = sim->inputs;
    bool has_moved = monotonic_ms(self) - sim->bolt_ms >= BOLT_TRAVEL_MS;
    if (!sim->is_bolt_manual) {
        bool is_back = !sim->is_stuck && sim->is_released && has_moved;
        shown = (uint16_t)((shown & ~(unsigned)KB_IN_BOLT_RETRACTED) |
                           (is_back ? KB_IN_BOLT_RETRACTED : 0));
    }
    return (uint16_t)(shown & sim->hal.inputs_fitted);
}

static char key(void *self)
{
    struct sim *sim = self;
    return sim->keys_taken < sim->keys_length ? sim->keys[sim->keys_taken++] : '\0';
}

static void bolt(void *self, bool released)
{
    struct sim *sim = self;
    if (sim->is_released == released) {
        return;
    }
    sim->is_released = released;
    sim->bolt_ms = monotonic_ms(self);
    sim_say("event %s", released ? "released" : "secured");
}

static void feedback(void *self, enum kb_feedback which)
{
    static const char *const NAMES[] = {"idle", "granted", "denied", "key", "locked-out", "busy"};
    (void)self;
    sim_say("event feedback %s", NAMES[which]);
}

static void watchdog_kick(void *self)
{
    (void)self;
}

static void reboot(void *self)
{
    ((struct sim *)self)->wants_reboot = true;
}

static uint8_t slot(void *self)
{
    return ((struct sim *)self)->slot;
}

static enum kb_reset reset_cause(void *self)
{
    return ((struct sim *)self)->reset;
}

void sim_board_init(struct sim *sim)
{
    sim->hal = (struct kb_hal){
        .self = sim,
        .firmware_version = sim->firmware_version,
        .firmware_key = sim->firmware_key,
        .uart_read = uart_read,
        .uart_write = uart_write,
        .rtc_read = rtc_read,
        .rtc_write = rtc_write,
        .monotonic_ms = monotonic_ms,
        .random = random_bytes,
        .nv_read = sim_nv_read,
        .nv_erase = sim_nv_erase,
        .nv_program = sim_nv_program,
        .battery_mv = battery_mv,
        .temperature = temperature,
        .inputs = inputs,
        .inputs_fitted = sim->hal.inputs_fitted,
        .key = key,
        .bolt = bolt,
        .feedback = feedback,
        .watchdog_kick = watchdog_kick,
        .reboot = reboot,
        .slot = slot,
        .reset_cause = reset_cause,
    };
}

/* --- running --------------------------------------------------------------------------------- */

/* An image that came over the link cannot run here: the simulator goes on in its name. */
static void take_version(struct sim *sim)
{
    uint32_t version = kb_get32(sim->box.update.slots[sim->slot & 1].header + 4);
    sim->hal.firmware_version = version != 0 ? version : sim->firmware_version;
}

void sim_start(struct sim *sim, enum kb_reset reset)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    sim->start_true_ms = sim->is_manual
                             ? sim->kept->true_ms
                             : (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
    sim->reset = reset;
    sim->wants_reboot = false;
    sim->link_length = sim->link_taken = 0;
    sim->keys_length = sim->keys_taken = 0;
    /* Slot 0 holds this program from the factory, though the file has no image of it: where the
     * loader finds nothing that it could start, it is that. */
    uint8_t chosen = kb_update_boot(&sim->hal);
    sim->slot = chosen <= 1 ? chosen : 0;
    sim->is_released = false;
    kb_box_init(&sim->box, &sim->hal);
    take_version(sim);
}

uint32_t sim_settle(struct sim *sim)
{
    uint32_t due = 0;
    for (int turns = 0; turns < 64; turns++) {
        due = kb_box_poll(&sim->box);
        if (sim->wants_reboot) {
            sim_say("event rebooted");
            sim_start(sim, KB_RESET_SOFTWARE);
            continue;
        }
        if (due > 0) {
            break;
        }
    }
    /* The bolt arrives between two times that the box itself waits for. */
    uint64_t travelled = monotonic_ms(sim) - sim->bolt_ms;
    if (travelled < BOLT_TRAVEL_MS && BOLT_TRAVEL_MS - travelled < due) {
        due = (uint32_t)(BOLT_TRAVEL_MS - travelled);
    }
    return due == 0 ? 1 : due;
}

void sim_advance(struct sim *sim, uint64_t ms)
{
    uint64_t end_ms = sim->kept->true_ms + ms;
    uint32_t due = sim_settle(sim);
    while (sim->kept->true_ms < end_ms) {
        uint64_t left = end_ms - sim->kept->true_ms;
        sim->kept->true_ms += due < left ? due : left;
        due = sim_settle(sim);
    }
}
