/* What a device remembers over power loss, in one record that is replaced as a whole. */
#ifndef KB_STATE_H
#define KB_STATE_H

#include "kb_budget.h"
#include "kb_clock.h"
#include "kb_store.h"
#include "kb_used.h"

enum kb_kind { KB_KIND_BLANK = 0, KB_KIND_KEY_BOX = 1, KB_KIND_LOCK = 2 };

struct kb_state {
    /* identity, from the bench */
    uint8_t kind; /* enum kb_kind */
    uint8_t device[16];
    uint8_t maintenance[32]; /* K_maint */
    /* secrets, from the hub */
    uint32_t secret_version; /* 0: none yet */
    uint8_t secret[32];
    uint8_t profile;
    uint8_t generation; /* the newest seen */
    struct kb_used used;
    struct kb_budget budget;
    struct kb_clock clock;
    uint32_t ticket_day; /* the newest that was taken */
    uint32_t uses;
    uint32_t boots;
    /* the log: which ring, how far it had come at the last save, what was cleared of it */
    uint32_t log_epoch;
    uint32_t log_floor;
    uint32_t log_cleared;
    /* the list in force */
    uint8_t list_area; /* 0 or 1 */
    uint16_t list_count;
    uint8_t list_digest[32];
};

/* Reads the newest whole record; a device without any is blank. False where the storage fails. */
bool kb_state_open(struct kb_state *state, struct kb_store *store, const struct kb_hal *hal);
bool kb_state_save(const struct kb_state *state, struct kb_store *store);

#endif
