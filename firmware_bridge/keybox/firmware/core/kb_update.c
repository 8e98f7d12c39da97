/* Firmware in two slots.
 *
 * The order of writes is the whole art. Every change of state is one kb_store record, which stands
 * old or new after a power cut; a slot's sectors are touched only after the record says `receiving`;
 * and what the boot loader starts is what it has just hashed. So a mix of two images is never
 * started, whatever the moment of the cut. As a second line the first bytes of an image, without
 * which no processor starts it, are written when its hash has been found right: a slot that is half
 * full looks blank even to a boot loader that has lost the record.
 *
 *   record: format 1 | rollback 4 | active 1 | failed 1 | sectors 2 | head 8
 *           | twice: state 1 | starts 1 | header 48
 */
#include "kb_update.h"

#include "kb_ed25519.h"
#include "kb_mem.h"

#define FORMAT 1u
#define SLOT_RECORD (2u + KB_UPDATE_HEADER)
#define FIXED (9u + KB_UPDATE_HEAD)
#define RECORD (FIXED + 2u * SLOT_RECORD)
#define SLOT_BYTES (KB_SLOT_SECTORS * KB_SECTOR)
#define PIECE 256u

static const char label[] = "kagimori/firmware/v1";

static uint32_t rollback_of(const uint8_t *header) { return kb_get32(header + 8); }
static uint32_t size_of(const uint8_t *header) { return kb_get32(header + 12); }
static const uint8_t *hash_of(const uint8_t *header) { return header + 16; }

static enum kb_area area_of(unsigned slot)
{
    return slot == 0 ? KB_AREA_SLOT_0 : KB_AREA_SLOT_1;
}

/* --- the record ----------------------------------------------------------------------------- */

static bool save(struct kb_update *update)
{
    uint8_t record[RECORD], *at = record;
    *at++ = FORMAT;
    at = kb_put32(at, update->rollback);
    *at++ = update->active;
    *at++ = update->failed;
    at = kb_put16(at, update->sectors);
    memcpy(at, update->head, KB_UPDATE_HEAD);
    at += KB_UPDATE_HEAD;
    for (unsigned slot = 0; slot < 2u; slot++) {
        *at++ = update->slots[slot].state;
        *at++ = update->slots[slot].starts;
        memcpy(at, update->slots[slot].header, KB_UPDATE_HEADER);
        at += KB_UPDATE_HEADER;
    }
    return update->readable && kb_store_save(&update->store, record, sizeof record);
}

/* Saves `changed` and takes it over; where that fails `update` stays as it was. */
static bool commit(struct kb_update *update, struct kb_update *changed)
{
    bool saved = save(changed);
    update->store = changed->store;
    if (saved) {
        *update = *changed;
    }
    return saved;
}

static void take_record(struct kb_update *update, const uint8_t record[RECORD])
{
    const uint8_t *at = record + FIXED;
    update->rollback = kb_get32(record + 1);
    update->active = record[5] & 1u;
    update->failed = record[6] <= 2u ? record[6] : 0;
    update->sectors = kb_get16(record + 7);
    memcpy(update->head, record + 9, KB_UPDATE_HEAD);
    for (unsigned slot = 0; slot < 2u; slot++) {
        uint32_t size = size_of(at + 2);
        update->slots[slot].state = *at <= KB_SLOT_BAD && size <= SLOT_BYTES ? *at : KB_SLOT_BAD;
        update->slots[slot].starts = at[1];
        memcpy(update->slots[slot].header, at + 2, KB_UPDATE_HEADER);
        at += SLOT_RECORD;
    }
}

/* False where the storage fails; `*blank` where nothing is remembered. */
static bool read_record(struct kb_update *update, const struct kb_hal *hal, bool *blank)
{
    uint8_t record[RECORD];
    size_t length = 0;
    memset(update, 0, sizeof *update);
    update->hal = hal;
    update->readable =
        kb_store_open(&update->store, hal, KB_AREA_BOOT, record, sizeof record, &length);
    *blank = !update->readable || length != RECORD || record[0] != FORMAT;
    if (!*blank) {
        take_record(update, record);
    }
    return update->readable;
}

/* --- images in their slots ------------------------------------------------------------------ */

/* Whether the slot holds the image of `header`. With `head`, the first bytes are taken from there:
 * the slot has not got them yet. */
static bool holds(const struct kb_hal *hal, unsigned slot, const uint8_t *header,
                  const uint8_t *head)
{
    uint8_t piece[PIECE], digest[KB_SHA256_SIZE];
    struct kb_sha256 hash;
    uint32_t size = size_of(header);
    if (size == 0 || size > SLOT_BYTES) {
        return false;
    }
    kb_sha256_init(&hash);
    for (uint32_t offset = 0; offset < size; offset += PIECE) {
        uint32_t length = size - offset < PIECE ? size - offset : PIECE;
        if (!hal->nv_read(hal->self, area_of(slot), offset, piece, length)) {
            return false;
        }
        if (offset == 0 && head != NULL) {
            memcpy(piece, head, KB_UPDATE_HEAD);
        }
        kb_sha256_update(&hash, piece, length);
        hal->watchdog_kick(hal->self);
    }
    kb_sha256_final(&hash, digest);
    return memcmp(digest, hash_of(header), sizeof digest) == 0;
}

/* Whether the slot holds something that was put there before there was any record. */
static bool holds_factory_image(const struct kb_hal *hal, unsigned slot)
{
    uint8_t head[KB_UPDATE_HEAD];
    return hal->nv_read(hal->self, area_of(slot), 0, head, sizeof head) &&
           !kb_all(head, sizeof head, 0xFF);
}

/* Whether a confirmed slot can be started. One without a header is the factory's: nothing is known
 * to hold it against. */
static bool startable(const struct kb_update *update, unsigned slot)
{
    const struct kb_slot_record *it = &update->slots[slot];
    if (it->state != KB_SLOT_CONFIRMED) {
        return false;
    }
    if (size_of(it->header) == 0) {
        return holds_factory_image(update->hal, slot);
    }
    return holds(update->hal, slot, it->header, NULL);
}

/* --- at the device -------------------------------------------------------------------------- */

static void tell_start(struct kb_update *update)
{
    struct kb_slot_record *running = &update->slots[update->running];
    update->start = update->hal->reset_cause(update->hal->self);
    if (running->state == KB_SLOT_ON_TRIAL && running->starts == 1u) {
        update->start = KB_RESET_UPDATE;
    }
    if (update->failed != 0) {
        struct kb_update changed;
        update->start = KB_RESET_FALLBACK;
        memcpy(update->fallback_header, update->slots[update->failed - 1u].header,
               KB_UPDATE_HEADER);
        changed = *update;
        changed.failed = 0;
        (void)commit(update, &changed); /* else it is told once more at the next start */
    }
}

bool kb_update_init(struct kb_update *update, const struct kb_hal *hal)
{
    bool blank, read = read_record(update, hal, &blank);
    struct kb_slot_record *running;
    update->running = hal->slot(hal->self) & 1u;
    running = &update->slots[update->running];
    if (running->state != KB_SLOT_ON_TRIAL && running->state != KB_SLOT_CONFIRMED) {
        /* It runs, so somebody put it there: a factory, or a debugger over what was there. */
        memset(running, 0, sizeof *running);
        running->state = KB_SLOT_CONFIRMED;
        update->active = update->running;
    }
    tell_start(update);
    return read;
}

bool kb_update_on_trial(const struct kb_update *update)
{
    return update->slots[update->running].state == KB_SLOT_ON_TRIAL;
}

bool kb_update_confirm(struct kb_update *update)
{
    struct kb_update changed = *update;
    struct kb_slot_record *running = &changed.slots[update->running];
    uint32_t rollback = rollback_of(running->header);
    if (!kb_update_on_trial(update)) {
        return true;
    }
    running->state = KB_SLOT_CONFIRMED;
    running->starts = 0;
    changed.active = update->running;
    if (rollback > changed.rollback) {
        changed.rollback = rollback;
    }
    return commit(update, &changed);
}

static enum kb_cause check_header(const struct kb_update *update, uint8_t kind,
                                  const uint8_t header[KB_UPDATE_HEADER],
                                  const uint8_t signature[KB_UPDATE_SIGNATURE])
{
    uint8_t message[sizeof label - 1u + KB_UPDATE_HEADER];
    uint32_t size = size_of(header);
    uint32_t room = update->hal->image_room != 0 ? update->hal->image_room : SLOT_BYTES;
    if (header[0] != kind || !kb_all(header + 1, 3, 0)) {
        return KB_CAUSE_BAD_VALUE;
    }
    if (size <= KB_UPDATE_HEAD || size > room || size > SLOT_BYTES) {
        return KB_CAUSE_BAD_VALUE;
    }
    memcpy(message, label, sizeof label - 1u);
    memcpy(message + sizeof label - 1u, header, KB_UPDATE_HEADER);
    if (!kb_ed25519_verify(update->hal->firmware_key, message, sizeof message, signature)) {
        return KB_CAUSE_BAD_SIGNATURE;
    }
    return rollback_of(header) < update->rollback ? KB_CAUSE_TOO_OLD : KB_OK;
}

enum kb_cause kb_update_begin(struct kb_update *update, uint8_t kind,
                              const uint8_t header[KB_UPDATE_HEADER],
                              const uint8_t signature[KB_UPDATE_SIGNATURE], uint32_t *next)
{
    struct kb_update changed;
    struct kb_slot_record *spare = &update->slots[update->running ^ 1u];
    enum kb_cause cause = check_header(update, kind, header, signature);
    if (cause != KB_OK) {
        return cause;
    }
    if (kb_update_on_trial(update)) {
        return KB_CAUSE_BUSY; /* the other slot is what a failed trial falls back to */
    }
    if (spare->state == KB_SLOT_RECEIVING &&
        memcmp(spare->header, header, KB_UPDATE_HEADER) == 0) {
        if (!update->open) {
            uint32_t whole = update->sectors * KB_SECTOR, size = size_of(header);
            update->received = whole < size ? whole : size;
        }
    } else {
        changed = *update;
        changed.received = 0;
        changed.sectors = 0;
        spare = &changed.slots[update->running ^ 1u];
        spare->state = KB_SLOT_RECEIVING;
        spare->starts = 0;
        memcpy(spare->header, header, KB_UPDATE_HEADER);
        if (!commit(update, &changed)) {
            return KB_CAUSE_STORAGE;
        }
    }
    update->open = true;
    *next = update->received;
    return KB_OK;
}

/* Writes bytes that lie within one sector, erasing it first where they open it. */
static bool write_piece(struct kb_update *update, const uint8_t *data, uint32_t length)
{
    const struct kb_hal *hal = update->hal;
    enum kb_area area = area_of(update->running ^ 1u);
    uint32_t offset = update->received;
    if (offset % KB_SECTOR == 0 && !hal->nv_erase(hal->self, area, offset)) {
        return false;
    }
    while (offset < KB_UPDATE_HEAD && length > 0) { /* kept in the record until the end */
        update->head[offset++] = *data++;
        length--;
    }
    if (length > 0 && !hal->nv_program(hal->self, area, offset, data, length)) {
        return false;
    }
    update->received = offset + length;
    return true;
}

/* After a write that failed: what is not told as whole is received anew. */
static enum kb_cause step_back(struct kb_update *update, uint32_t *next)
{
    update->received = update->sectors * KB_SECTOR;
    *next = update->received;
    return KB_CAUSE_STORAGE;
}

enum kb_cause kb_update_data(struct kb_update *update, uint32_t offset, const uint8_t *data,
                             size_t length, uint32_t *next)
{
    const struct kb_slot_record *spare = &update->slots[update->running ^ 1u];
    uint32_t size = size_of(spare->header);
    *next = update->received;
    if (!update->open || spare->state != KB_SLOT_RECEIVING) {
        return KB_CAUSE_BAD_VALUE;
    }
    if (offset != update->received || length == 0 || length > KB_UPDATE_DATA_MAX ||
        length > size - offset) {
        return KB_CAUSE_BAD_VALUE;
    }
    while (length > 0) {
        uint32_t room = KB_SECTOR - update->received % KB_SECTOR;
        uint32_t part = length < room ? (uint32_t)length : room;
        if (!write_piece(update, data, part)) {
            return step_back(update, next);
        }
        data += part;
        length -= part;
        if (update->received % KB_SECTOR == 0 || update->received == size) {
            uint16_t before = update->sectors;
            update->sectors = (uint16_t)((update->received + KB_SECTOR - 1u) / KB_SECTOR);
            if (!save(update)) {
                update->sectors = before;
                return step_back(update, next);
            }
        }
    }
    *next = update->received;
    return KB_OK;
}

enum kb_cause kb_update_end(struct kb_update *update)
{
    unsigned slot = update->running ^ 1u;
    struct kb_update changed = *update;
    struct kb_slot_record *spare = &changed.slots[slot];
    const struct kb_hal *hal = update->hal;
    uint8_t head[KB_UPDATE_HEAD];
    if (!update->open || spare->state != KB_SLOT_RECEIVING ||
        update->received != size_of(spare->header)) {
        return KB_CAUSE_BAD_VALUE;
    }
    changed.open = false;
    if (!holds(hal, slot, spare->header, update->head)) {
        spare->state = KB_SLOT_BAD;
        return commit(update, &changed) ? KB_CAUSE_BAD_SIGNATURE : KB_CAUSE_STORAGE;
    }
    if (!hal->nv_program(hal->self, area_of(slot), 0, update->head, KB_UPDATE_HEAD) ||
        !hal->nv_read(hal->self, area_of(slot), 0, head, sizeof head) ||
        memcmp(head, update->head, sizeof head) != 0) {
        return KB_CAUSE_STORAGE;
    }
    spare->state = KB_SLOT_ON_TRIAL;
    spare->starts = 0;
    changed.failed = 0;
    return commit(update, &changed) ? KB_OK : KB_CAUSE_STORAGE;
}

enum kb_cause kb_update_abort(struct kb_update *update)
{
    struct kb_update changed = *update;
    struct kb_slot_record *spare = &changed.slots[update->running ^ 1u];
    changed.open = false;
    changed.received = 0;
    changed.sectors = 0;
    if (spare->state != KB_SLOT_RECEIVING) {
        return KB_OK;
    }
    memset(spare, 0, sizeof *spare);
    return commit(update, &changed) ? KB_OK : KB_CAUSE_STORAGE;
}

/* --- at the boot loader --------------------------------------------------------------------- */

/* Starts a trial once more: true where it may, counted before it happens. Else it is over. */
static bool start_trial(struct kb_update *update, unsigned slot)
{
    struct kb_slot_record *trial = &update->slots[slot];
    if (trial->starts < KB_TRIAL_STARTS && holds(update->hal, slot, trial->header, NULL)) {
        trial->starts++;
        /* Where it cannot be counted it is not started: it might never end. */
        return save(update);
    }
    trial->state = KB_SLOT_BAD;
    update->failed = (uint8_t)(slot + 1u);
    (void)save(update); /* else the next start comes to the same */
    return false;
}

uint8_t kb_update_boot(const struct kb_hal *hal)
{
    struct kb_update update;
    bool blank;
    if (!read_record(&update, hal, &blank) || blank) {
        return holds_factory_image(hal, 0) ? 0 : holds_factory_image(hal, 1) ? 1 : 0xFF;
    }
    for (unsigned slot = 0; slot < 2u; slot++) {
        if (update.slots[slot].state == KB_SLOT_ON_TRIAL && start_trial(&update, slot)) {
            return (uint8_t)slot;
        }
    }
    if (startable(&update, update.active)) {
        return update.active;
    }
    /* The image has rotted. The one before it is better than none, where it is not too old. */
    unsigned other = update.active ^ 1u;
    if (rollback_of(update.slots[other].header) >= update.rollback && startable(&update, other)) {
        update.slots[update.active].state = KB_SLOT_BAD;
        update.failed = (uint8_t)(update.active + 1u);
        update.active = (uint8_t)other;
        (void)save(&update);
        return (uint8_t)other;
    }
    return 0xFF;
}
