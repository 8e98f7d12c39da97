/* The state of a device in flash, with and without a key of the board. */
#include <string.h>

#include "kb_mem.h"
#include "kb_state.h"

static uint8_t flash[KB_STATE_SECTORS * KB_SECTOR];
static uint8_t board_key[32];
static bool gives_key, gives_random;
static uint8_t draws;
static struct kb_hal hal;

static bool nv_read(void *self, enum kb_area area, uint32_t offset, void *data, uint32_t length)
{
    (void)self, (void)area;
    memcpy(data, flash + offset, length);
    return true;
}

static bool nv_erase(void *self, enum kb_area area, uint32_t offset)
{
    (void)self, (void)area;
    memset(flash + offset, 0xFF, KB_SECTOR);
    return true;
}

static bool nv_program(void *self, enum kb_area area, uint32_t offset, const void *data,
                       uint32_t length)
{
    const uint8_t *bytes = data;
    (void)self, (void)area;
    for (uint32_t i = 0; i < length; i++) {
        flash[offset + i] &= bytes[i];
    }
    return true;
}

static bool random_bytes(void *self, uint8_t *data, size_t length)
{
    (void)self;
    memset(data, ++draws, length);
    return gives_random;
}

static bool seal_key(void *self, uint8_t key[32])
{
    (void)self;
    memcpy(key, board_key, 32);
    return gives_key;
}

void seal_board(int seals, const uint8_t key[32], int has_key, int has_random)
{
    hal = (struct kb_hal){.nv_read = nv_read, .nv_erase = nv_erase, .nv_program = nv_program,
                          .random = random_bytes, .seal_key = seals ? seal_key : NULL};
    memcpy(board_key, key, 32);
    gives_key = has_key;
    gives_random = has_random;
}

void seal_blank(void) { memset(flash, 0xFF, sizeof flash); }
const uint8_t *seal_flash(void) { return flash; }

int seal_save(const uint8_t secret[32], unsigned uses)
{
    struct kb_state state;
    struct kb_store store;
    (void)kb_state_open(&state, &store, &hal);
    state.kind = KB_KIND_KEY_BOX;
    memcpy(state.secret, secret, 32);
    memcpy(state.maintenance, secret, 32);
    state.uses = uses;
    return kb_state_save(&state, &store);
}

/* 0 unreadable, 1 blank, 2 a device; its secret and uses. */
int seal_open(uint8_t secret[32], unsigned *uses)
{
    struct kb_state state;
    struct kb_store store;
    if (!kb_state_open(&state, &store, &hal)) {
        return 0;
    }
    memcpy(secret, state.secret, 32);
    *uses = state.uses;
    return state.kind == KB_KIND_BLANK ? 1 : 2;
}

/* Changes a byte of the newest record and makes its check right again. */
int seal_tamper(unsigned offset)
{
    uint8_t record[KB_STORE_MAX];
    struct kb_store store;
    size_t length;
    (void)kb_store_open(&store, &hal, KB_AREA_STATE, record, sizeof record, &length);
    if (offset >= length) {
        return 0;
    }
    record[offset] ^= 1;
    return kb_store_save(&store, record, length);
}
