/* Two slots of firmware: receiving a signed image, its trial, and the rollback counter.
 *
 * The session layer calls begin, data, end and abort as the requests of docs/keybox-link.md come in;
 * the box calls init at its start, and confirm once a trial has earned it. The boot loader calls
 * kb_update_boot before all else. What must outlive the power stands in KB_AREA_BOOT (one kb_store
 * record) and the images in KB_AREA_SLOT_0 and _1.
 */
#ifndef KB_UPDATE_H
#define KB_UPDATE_H

#include "kb_cause.h"
#include "kb_hal.h"
#include "kb_sha256.h"
#include "kb_store.h"

#define KB_UPDATE_HEADER 48u    /* kind 1 | 0 0 0 | firmware 4 | rollback 4 | size 4 | SHA-256 32 */
#define KB_UPDATE_SIGNATURE 64u /* Ed25519("kagimori/firmware/v1" | header) */
#define KB_UPDATE_DATA_MAX 256u
#define KB_TRIAL_STARTS 3u

enum kb_slot_state {
    KB_SLOT_EMPTY = 0,
    KB_SLOT_RECEIVING = 1,
    KB_SLOT_ON_TRIAL = 2,
    KB_SLOT_CONFIRMED = 3,
    KB_SLOT_BAD = 4
};

/* What is remembered of one slot. */
struct kb_slot_record {
    uint8_t state;               /* enum kb_slot_state */
    uint8_t starts;              /* of a trial, counted by the boot loader before each */
    uint8_t header[KB_UPDATE_HEADER];
};

struct kb_update {
    const struct kb_hal *hal;
    struct kb_store store;
    uint32_t rollback;           /* images below it are refused; rises when one confirms itself */
    struct kb_slot_record slots[2];
    uint8_t running;             /* hal->slot() at init */
    uint32_t received;           /* bytes of the image under way */
    enum kb_reset start;         /* UPDATE or FALLBACK where this start was one, else the hal's */
    uint8_t fallback_header[KB_UPDATE_HEADER]; /* of the image that failed, where FALLBACK */
};

/* Reads what is remembered; a blank area means a running slot that is confirmed and rollback 0.
 * False where the storage fails: updates are then refused with KB_CAUSE_STORAGE. */
bool kb_update_init(struct kb_update *update, const struct kb_hal *hal);

/* Checks kind (`kind` is the device's), zero bytes, size, signature and rollback, and prepares the
 * slot that does not run; the same header again goes on where it stopped. `next` is the offset of
 * the first byte that is wanted. Refusals: BAD_VALUE (kind, size), BAD_SIGNATURE, TOO_OLD, STORAGE,
 * BUSY (the running image is itself on trial). */
enum kb_cause kb_update_begin(struct kb_update *update, uint8_t kind,
                              const uint8_t header[KB_UPDATE_HEADER],
                              const uint8_t signature[KB_UPDATE_SIGNATURE], uint32_t *next);
/* Takes the bytes at `offset`, which must be the next ones (else BAD_VALUE, and `next` says what is
 * wanted); 1 to KB_UPDATE_DATA_MAX bytes. */
enum kb_cause kb_update_data(struct kb_update *update, uint32_t offset, const uint8_t *data,
                             size_t length, uint32_t *next);
/* Checks length and hash of the whole image and marks the slot on trial. The caller then reboots. */
enum kb_cause kb_update_end(struct kb_update *update);
enum kb_cause kb_update_abort(struct kb_update *update);

/* Whether the running image is on trial. */
bool kb_update_on_trial(const struct kb_update *update);
/* The trial is passed: the running slot is confirmed, and the rollback counter rises to the image's.
 * Does nothing for an image that is not on trial. False where the storage fails (tried again at the
 * next call). */
bool kb_update_confirm(struct kb_update *update);

/* For the boot loader: which slot to start (0 or 1), 0xFF where neither can be. Checks the image's
 * hash, counts the start of a trial before it happens, and gives up one that has had
 * KB_TRIAL_STARTS. */
uint8_t kb_update_boot(const struct kb_hal *hal);

#endif
