#include "board.h"

#include <stdio.h>
#include <stdlib.h>

#include "kb_mem.h"

#define SMALL_AREAS 5u
#define SMALL_BYTES (KB_LOG_SECTORS * KB_SECTOR)
#define SLOT_BYTES (KB_SLOT_SECTORS * KB_SECTOR)
#define KINDS 2u
#define MAX_STEP_MS 3600000u

struct board board;

const uint8_t DEVICE_ID[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
const uint8_t MAINTENANCE[32] = {0x51, 0x52, 0x53};
const uint8_t CODE_SECRET[32] = {0xA1, 0xA2, 0xA3};
/* The public half of the Ed25519 key whose private half is the bytes 0 to 31. */
const uint8_t RELEASE_KEY[32] = {
    0x03, 0xa1, 0x07, 0xbf, 0xf3, 0xce, 0x10, 0xbe, 0x1d, 0x70, 0xdd, 0x18, 0xe7, 0x4b, 0xc0, 0x99,
    0x67, 0xe4, 0xd6, 0x30, 0x9b, 0xa5, 0x0d, 0x5f, 0x1d, 0xdc, 0x86, 0x64, 0x12, 0x55, 0x31, 0xb8,
};

/* Where a run begins: a device that has just started, and what it has in its flash. */
struct snapshot {
    uint8_t small[SMALL_AREAS][SMALL_BYTES];
    struct kb_box box;
};

static uint8_t small[SMALL_AREAS][SMALL_BYTES];
static uint8_t slots[2][SLOT_BYTES];
static bool slot_is_dirty = true;
static bool is_dirty[SMALL_AREAS][KB_LOG_SECTORS]; /* since the last run began */
static struct snapshot snapshots[KINDS][KB_PROFILE_COUNT], blank_snapshot;
static const struct snapshot *restored;

void board_fail(const char *what, const char *file, int line)
{
    (void)fprintf(stderr, "%s:%d: property does not hold: %s\n", file, line, what);
    abort();
}

uint8_t *board_area(enum kb_area area)
{
    if (area < KB_AREA_SLOT_0) {
        memset(is_dirty[area], true, sizeof is_dirty[area]);
    } else {
        slot_is_dirty = true;
    }
    return area < KB_AREA_SLOT_0 ? small[area] : slots[area - KB_AREA_SLOT_0];
}

static uint8_t *place(enum kb_area area, uint32_t offset)
{
    return (area < KB_AREA_SLOT_0 ? small[area] : slots[area - KB_AREA_SLOT_0]) + offset;
}

static uint8_t *place_to_write(enum kb_area area, uint32_t offset, uint32_t length)
{
    if (area >= KB_AREA_SLOT_0) {
        slot_is_dirty = true;
    } else {
        for (uint32_t at = offset / KB_SECTOR; at <= (offset + length - 1u) / KB_SECTOR; at++) {
            is_dirty[area][at] = true;
        }
    }
    return place(area, offset);
}

/* --- the hardware table --------------------------------------------------------------------- */

static size_t uart_read(void *self, uint8_t *data, size_t room)
{
    size_t part = board.incoming_left < room ? board.incoming_left : room;
    (void)self;
    if (part > 0) {
        memcpy(data, board.incoming, part);
        board.incoming += part;
    }
    board.incoming_left -= part;
    return part;
}

static void uart_write(void *self, const uint8_t *data, size_t length)
{
    (void)self;
    MUST(length <= 520);
    if (board.dead) {
        return;
    }
    if (length > sizeof board.answers - board.answers_length) {
        board.answers_length = 0; /* nobody listens */
    }
    memcpy(board.answers + board.answers_length, data, length);
    board.answers_length += length;
}

uint32_t board_true_s(void)
{
    return BASE_S + (uint32_t)(board.true_ms / 1000);
}

static bool rtc_read(void *self, uint32_t *seconds)
{
    (void)self;
    *seconds = (uint32_t)((int64_t)board_true_s() + board.rtc_offset_s);
    return board.rtc_known;
}

static bool rtc_write(void *self, uint32_t seconds)
{
    (void)self;
    if (!board.dead) {
        board.rtc_offset_s = (int64_t)seconds - (int64_t)board_true_s();
        board.rtc_known = true;
    }
    return !board.dead;
}

static uint64_t monotonic_ms(void *self)
{
    (void)self;
    return board.true_ms - board.start_ms;
}

static bool random_bytes(void *self, uint8_t *data, size_t length)
{
    (void)self;
    while (length-- > 0) {
        board.random = board.random * 1664525u + 1013904223u;
        *data++ = (uint8_t)(board.random >> 24);
    }
    return true;
}

static bool nv_read(void *self, enum kb_area area, uint32_t offset, void *data, uint32_t length)
{
    (void)self;
    MUST(offset <= kb_area_size(area) && length <= kb_area_size(area) - offset);
    memcpy(data, place(area, offset), length);
    return !board.dead;
}

/* Whether a write reaches the flash: none does once the power is gone. */
static bool has_power(void)
{
    if (!board.dead && board.writes_left == 0) {
        board.dead = true;
    }
    if (!board.dead && board.writes_left > 0) {
        board.writes_left--;
    }
    return !board.dead;
}

static bool nv_erase(void *self, enum kb_area area, uint32_t offset)
{
    (void)self;
    MUST(offset % KB_SECTOR == 0 && offset < kb_area_size(area));
    MUST(area != (board.slot == 0 ? KB_AREA_SLOT_0 : KB_AREA_SLOT_1));
    bool was_dead = board.dead, whole = has_power();
    if (!was_dead) {
        memset(place_to_write(area, offset, KB_SECTOR), 0xFF, whole ? KB_SECTOR : KB_SECTOR / 2u);
    }
    return whole;
}

static bool nv_program(void *self, enum kb_area area, uint32_t offset, const void *data,
                       uint32_t length)
{
    const uint8_t *bytes = data;
    (void)self;
    MUST(offset <= kb_area_size(area) && length <= kb_area_size(area) - offset);
    MUST(area != (board.slot == 0 ? KB_AREA_SLOT_0 : KB_AREA_SLOT_1));
    bool was_dead = board.dead, whole = has_power();
    uint8_t *at = place_to_write(area, offset, length);
    for (uint32_t i = 0; !was_dead && i < (whole ? length : length / 2u); i++) {
        at[i] &= bytes[i];
    }
    return whole;
}

static uint16_t battery_mv(void *self) { return (void)self, (uint16_t)(2300 + board.true_ms % 900); }
static int16_t temperature(void *self) { return (void)self, KB_TEMPERATURE_UNKNOWN; }
static uint16_t inputs(void *self) { return (void)self, board.inputs; }
static void feedback(void *self, enum kb_feedback shown) { (void)self, (void)shown; }
static void watchdog_kick(void *self) { (void)self; }
static void reboot(void *self) { (void)self, board.wants_reboot = true; }
static uint8_t slot(void *self) { return (void)self, board.slot; }
static enum kb_reset reset_cause(void *self) { return (void)self, board.reset; }

static char key(void *self)
{
    char pressed = board.key;
    (void)self;
    board.key = 0;
    return pressed;
}

static void bolt(void *self, bool released)
{
    (void)self;
    if (released && !board.dead) {
        board.judge();
    }
    board.is_released = released && !board.dead;
}

/* --- runs ----------------------------------------------------------------------------------- */

static void no_judge(void) {}

static void keep(struct snapshot *snapshot)
{
    board_start(KB_RESET_POWER);
    memcpy(snapshot->small, small, sizeof small);
    snapshot->box = board.box;
}

static void prepare_one(enum kb_kind kind, uint8_t profile)
{
    struct kb_state state;
    struct kb_store store;
    memset(small, 0xFF, sizeof small);
    MUST(kb_state_open(&state, &store, &board.hal));
    state.kind = (uint8_t)kind;
    memcpy(state.device, DEVICE_ID, sizeof state.device);
    memcpy(state.maintenance, MAINTENANCE, sizeof state.maintenance);
    memcpy(state.secret, CODE_SECRET, sizeof state.secret);
    state.secret_version = 1;
    state.profile = profile;
    (void)kb_clock_set(&state.clock, true, BASE_S, BASE_S, 5);
    MUST(kb_state_save(&state, &store));
    keep(&snapshots[kind - 1u][profile - 1u]);
}

void board_prepare(void)
{
    board.hal = (struct kb_hal){
        .firmware_version = 1,
        .firmware_key = RELEASE_KEY,
        .uart_read = uart_read,
        .uart_write = uart_write,
        .rtc_read = rtc_read,
        .rtc_write = rtc_write,
        .monotonic_ms = monotonic_ms,
        .random = random_bytes,
        .nv_read = nv_read,
        .nv_erase = nv_erase,
        .nv_program = nv_program,
        .battery_mv = battery_mv,
        .temperature = temperature,
        .inputs = inputs,
        .inputs_fitted = KB_IN_LEAF_OPEN | KB_IN_BOLT_RETRACTED | KB_IN_REX | KB_IN_MECHANICAL_KEY |
                         KB_IN_TAMPER | KB_IN_KEY_ABSENT,
        .key = key,
        .bolt = bolt,
        .feedback = feedback,
        .watchdog_kick = watchdog_kick,
        .reboot = reboot,
        .slot = slot,
        .reset_cause = reset_cause,
    };
    board.judge = no_judge;
    board.writes_left = -1;
    board.rtc_known = true;
    board.random = 1;
    memset(slots, 0xFF, sizeof slots);
    memset(slots[0], 0x11, 64); /* the factory's */
    memset(small, 0xFF, sizeof small);
    keep(&blank_snapshot);
    for (uint8_t kind = 1; kind <= KINDS; kind++) {
        for (uint8_t profile = 1; profile <= KB_PROFILE_COUNT; profile++) {
            prepare_one((enum kb_kind)kind, profile);
        }
    }
}

/* Only what the last run has touched, where this one begins alike. */
static void restore_storage(const struct snapshot *snapshot)
{
    for (unsigned area = 0; area < SMALL_AREAS; area++) {
        for (unsigned sector = 0; sector < KB_LOG_SECTORS; sector++) {
            size_t at = sector * KB_SECTOR;
            if (is_dirty[area][sector] || snapshot != restored) {
                memcpy(small[area] + at, snapshot->small[area] + at, KB_SECTOR);
            }
        }
    }
    if (slot_is_dirty) {
        memset(slots, 0xFF, sizeof slots);
        memset(slots[0], 0x11, 64);
    }
    memset(is_dirty, false, sizeof is_dirty);
    slot_is_dirty = false;
    restored = snapshot;
}

void board_begin(enum kb_kind kind, uint8_t profile, bool blank)
{
    const struct snapshot *snapshot =
        blank ? &blank_snapshot : &snapshots[kind - 1u][profile - 1u];
    struct kb_hal hal = board.hal;
    void (*judge)(void) = board.judge;
    restore_storage(snapshot);
    memset(&board, 0, sizeof board);
    board.hal = hal;
    board.judge = judge;
    board.writes_left = -1;
    board.rtc_known = true;
    board.random = 1;
    board.starts = 1;
    board.box = snapshot->box;
}

void board_start(enum kb_reset reset)
{
    for (;;) {
        board.dead = false;
        board.wants_reboot = false;
        board.is_released = false;
        board.starts++;
        board.start_ms = board.true_ms;
        board.reset = reset;
        board.incoming_left = 0;
        board.answers_length = 0;
        board.slot = 2; /* the boot loader runs: no slot is in use */
        uint8_t chosen = kb_update_boot(&board.hal);
        board.slot = chosen;
        if (!board.dead) {
            MUST(chosen < 2);
            kb_box_init(&board.box, &board.hal);
        }
        if (!board.dead) {
            return;
        }
        board.writes_left = -1; /* the power went meanwhile, and comes back */
    }
}

void board_poll(void)
{
    for (unsigned turns = 0; turns < 4u; turns++) {
        uint32_t due = kb_box_poll(&board.box);
        if (board.dead || board.wants_reboot) {
            bool asked = !board.dead;
            board.writes_left = asked ? board.writes_left : -1;
            board_start(asked ? KB_RESET_SOFTWARE : KB_RESET_POWER);
        } else if (due > 0 && board.incoming_left == 0) {
            return;
        }
    }
}

/* By the steps that the device asks for, as a board would. */
void board_wait(uint64_t ms)
{
    for (unsigned steps = 0; ms > 0 && steps < 40u; steps++) {
        uint32_t due = kb_box_poll(&board.box);
        uint64_t step = due == 0 ? 1u : due;
        MUST(due <= MAX_STEP_MS);
        step = step < ms && steps < 39u ? step : ms;
        board.true_ms += step;
        ms -= step;
        board_poll();
    }
}

void board_press(char pressed)
{
    board.key = pressed;
    board_poll();
}

void board_receive(const uint8_t *data, size_t length)
{
    board.incoming = data;
    board.incoming_left = length;
    board_poll();
    board.incoming_left = 0;
}
