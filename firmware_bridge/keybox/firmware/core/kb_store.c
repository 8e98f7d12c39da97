#include "kb_store.h"

#include "kb_mem.h"
#include "kb_sha256.h"

#define MAGIC 0x4B425354u /* "KBST" */
#define HEAD 10u
#define CHECK 8u
#define PER_SECTOR (KB_SECTOR / KB_STORE_SLOT)

static bool read_slot(const struct kb_store *store, uint32_t slot, uint8_t *copy)
{
    return store->hal->nv_read(store->hal->self, store->area, slot * KB_STORE_SLOT, copy,
                               KB_STORE_SLOT);
}

static bool is_whole(const uint8_t *copy)
{
    uint8_t digest[KB_SHA256_SIZE];
    if (kb_get32(copy) != MAGIC || kb_get16(copy + 8) > KB_STORE_MAX) {
        return false;
    }
    kb_sha256(copy, KB_STORE_SLOT - CHECK, digest);
    return kb_same(digest, copy + KB_STORE_SLOT - CHECK, CHECK);
}

bool kb_store_open(struct kb_store *store, const struct kb_hal *hal, enum kb_area area, void *data,
                   size_t room, size_t *length)
{
    uint8_t copy[KB_STORE_SLOT];
    store->hal = hal;
    store->area = area;
    store->slots = kb_area_size(area) / KB_STORE_SLOT;
    store->current = store->slots;
    store->sequence = 0;
    *length = 0;
    for (uint32_t slot = 0; slot < store->slots; slot++) {
        if (!read_slot(store, slot, copy)) {
            return false;
        }
        size_t held = kb_get16(copy + 8);
        bool newer = store->current == store->slots || kb_get32(copy + 4) > store->sequence;
        if (!newer || !is_whole(copy)) {
            continue;
        }
        store->current = slot;
        store->sequence = kb_get32(copy + 4);
        *length = held <= room ? held : 0;
        if (held <= room) {
            memcpy(data, copy + HEAD, held);
        }
    }
    kb_wipe(copy, sizeof copy);
    return true;
}

/* The slot for the next copy, erased where it has to be; `slots` where the storage fails. Never
 * touches the sector of the newest copy but to program what is blank in it. */
static uint32_t next_slot(const struct kb_store *store, uint8_t *copy)
{
    uint32_t slot = store->current == store->slots ? store->slots - 1 : store->current;
    for (uint32_t tried = 0; tried < store->slots; tried++) {
        slot = (slot + 1) % store->slots;
        if (slot % PER_SECTOR == 0) {
            /* The next sector, and an area has two at least: the newest copy lies in another. */
            bool erased =
                store->hal->nv_erase(store->hal->self, store->area, slot * KB_STORE_SLOT);
            return erased ? slot : store->slots;
        }
        if (!read_slot(store, slot, copy)) {
            return store->slots;
        }
        if (kb_all(copy, KB_STORE_SLOT, 0xFF)) {
            return slot;
        }
    }
    return store->slots;
}

bool kb_store_save(struct kb_store *store, const void *data, size_t length)
{
    uint8_t copy[KB_STORE_SLOT];
    uint8_t digest[KB_SHA256_SIZE];
    uint32_t slot = length <= KB_STORE_MAX ? next_slot(store, copy) : store->slots;
    if (slot == store->slots) {
        return false;
    }
    memset(copy, 0xFF, sizeof copy);
    (void)kb_put16(kb_put32(kb_put32(copy, MAGIC), store->sequence + 1), (uint16_t)length);
    memcpy(copy + HEAD, data, length);
    kb_sha256(copy, KB_STORE_SLOT - CHECK, digest);
    memcpy(copy + KB_STORE_SLOT - CHECK, digest, CHECK);
    bool written = store->hal->nv_program(store->hal->self, store->area, slot * KB_STORE_SLOT, copy,
                                          KB_STORE_SLOT);
    written = written && read_slot(store, slot, copy) && is_whole(copy) &&
              kb_same(digest, copy + KB_STORE_SLOT - CHECK, CHECK);
    if (written) {
        store->current = slot;
        store->sequence++;
    }
    kb_wipe(copy, sizeof copy);
    return written;
}
