/* kb_update on flash that is scripted to lose its power: the n-th erasure or programming tears as
 * asked for, and nothing reaches the flash from then on until the power is back. */
#include <stdlib.h>
#include <string.h>

#include "kb_update.h"

enum tear { TEAR_NOTHING, TEAR_ALL, TEAR_PREFIX, TEAR_MIXTURE };

static uint8_t flash[KB_AREAS][KB_SLOT_SECTORS * KB_SECTOR];
static uint8_t release_key[32];
static struct kb_update update;
static struct kb_hal hal;
static uint8_t slot;
static bool dead, worn;
static long writes, cut_at;
static enum tear tear;
static unsigned misuse; /* calls that break the contract of the storage */

static bool nv_read(void *self, enum kb_area area, uint32_t offset, void *data, uint32_t length)
{
    (void)self;
    misuse += offset + length > kb_area_size(area);
    if (dead) {
        return false;
    }
    memcpy(data, flash[area] + offset, length);
    return true;
}

/* What a write leaves behind: `after` beside `before`, both `length` long. */
static void torn(uint8_t *at, const uint8_t *after, uint32_t length, bool erasing)
{
    uint32_t whole = tear == TEAR_ALL ? length : tear == TEAR_PREFIX ? length / 2 : 0;
    memcpy(at, after, whole);
    if (tear != TEAR_MIXTURE) {
        return;
    }
    for (uint32_t i = 0; i < length; i++) {
        uint8_t mask = (uint8_t)rand();
        at[i] = erasing ? mask : (uint8_t)((at[i] & mask) | (after[i] & ~mask));
    }
}

static bool write(enum kb_area area, uint32_t offset, const uint8_t *after, uint32_t length,
                  bool erasing)
{
    if (dead || worn) {
        return false;
    }
    if (writes++ == cut_at) {
        torn(flash[area] + offset, after, length, erasing);
        dead = true;
        return false;
    }
    memcpy(flash[area] + offset, after, length);
    return true;
}

static bool nv_erase(void *self, enum kb_area area, uint32_t offset)
{
    static uint8_t blank[KB_SECTOR];
    (void)self;
    memset(blank, 0xFF, sizeof blank);
    misuse += offset % KB_SECTOR != 0 || offset + KB_SECTOR > kb_area_size(area);
    misuse += area == (slot == 0 ? KB_AREA_SLOT_0 : KB_AREA_SLOT_1); /* what runs is sacred */
    return write(area, offset, blank, KB_SECTOR, true);
}

static bool nv_program(void *self, enum kb_area area, uint32_t offset, const void *data,
                       uint32_t length)
{
    static uint8_t after[KB_SECTOR];
    const uint8_t *bytes = data;
    (void)self;
    misuse += length > sizeof after || offset + length > kb_area_size(area);
    misuse += area == (slot == 0 ? KB_AREA_SLOT_0 : KB_AREA_SLOT_1);
    for (uint32_t i = 0; i < length; i++) {
        after[i] = flash[area][offset + i] & bytes[i]; /* flash only clears bits */
    }
    return write(area, offset, after, length, false);
}

static uint8_t running_slot(void *self)
{
    (void)self;
    return slot;
}

static enum kb_reset power_reset(void *self)
{
    (void)self;
    return KB_RESET_POWER;
}

static void no_watchdog(void *self) { (void)self; }

void sim_new(const uint8_t key[32], const uint8_t *factory, uint32_t length)
{
    memset(flash, 0xFF, sizeof flash);
    memcpy(flash[KB_AREA_SLOT_0], factory, length);
    memcpy(release_key, key, 32);
    hal = (struct kb_hal){.firmware_key = release_key, .nv_read = nv_read, .nv_erase = nv_erase,
                          .nv_program = nv_program, .slot = running_slot,
                          .reset_cause = power_reset, .watchdog_kick = no_watchdog};
    dead = worn = false;
    writes = 0;
    misuse = 0;
    cut_at = -1;
}

/* Flash that takes no more writes, and is read as ever. */
void sim_wear(int is_worn) { worn = is_worn; }
void sim_room(uint32_t room) { hal.image_room = room; }

/* The power goes at the `count`-th write from now on; never for a negative count. */
void sim_cut(long count, int how, unsigned seed)
{
    cut_at = count < 0 ? -1 : writes + count;
    tear = (enum tear)how;
    srand(seed);
}

/* Power on: the boot loader, then the firmware's start. Gives the slot, 0xFF for none, 0xFE where
 * the power went meanwhile. */
int sim_start(void)
{
    dead = false;
    slot = 0xFF; /* the boot loader may write what it likes but the slots */
    slot = kb_update_boot(&hal);
    if (dead) {
        return 0xFE;
    }
    if (slot != 0xFF) {
        (void)kb_update_init(&update, &hal);
    }
    return dead ? 0xFE : slot;
}

int sim_begin(uint8_t kind, const uint8_t *header, const uint8_t *signature, uint32_t *next)
{
    return (int)kb_update_begin(&update, kind, header, signature, next);
}

int sim_data(uint32_t offset, const uint8_t *data, uint32_t length, uint32_t *next)
{
    return (int)kb_update_data(&update, offset, data, length, next);
}

int sim_end(void) { return (int)kb_update_end(&update); }
int sim_abort(void) { return (int)kb_update_abort(&update); }
int sim_confirm(void) { return kb_update_confirm(&update); }
int sim_on_trial(void) { return kb_update_on_trial(&update); }
int sim_dead(void) { return dead; }
int sim_start_cause(void) { return (int)update.start; }
int sim_state(int which) { return update.slots[which].state; }
unsigned sim_rollback(void) { return update.rollback; }
unsigned sim_misuse(void) { return misuse; }
long sim_writes(void) { return writes; }
const uint8_t *sim_failed_header(void) { return update.fallback_header; }
uint8_t *sim_flash(int area) { return flash[area]; }
