/* One record kept whole over power loss: numbered copies in a ring of slots over the sectors of an
 * area. A save programs the next blank slot and a sector is erased only when the newest copy lies in
 * another one, so that at every moment the old or the new copy stands, and the flash wears evenly.
 *
 *   magic 4 | sequence 4 | length 2 | payload | 0xFF to the end | SHA-256 of all before, 8 bytes
 *
 * The check is 64 bits of SHA-256, since a torn slot is a mixture that a CRC-16 would believe once
 * in 65,536.
 */
#ifndef KB_STORE_H
#define KB_STORE_H

#include "kb_hal.h"

#define KB_STORE_SLOT 1024u
#define KB_STORE_MAX (KB_STORE_SLOT - 18u)

struct kb_store {
    const struct kb_hal *hal;
    enum kb_area area;
    uint32_t slots;
    uint32_t current;  /* slot of the newest copy; `slots` where there is none */
    uint32_t sequence; /* of the newest copy */
};

/* Finds the newest whole copy. Gives its length (0: there is none) and puts at most `room` bytes of
 * it into `data`; false where the storage cannot be read. A copy longer than `room` counts as none:
 * a newer firmware's. A shorter one is an older firmware's: the rest of `data` stays as it was. */
bool kb_store_open(struct kb_store *store, const struct kb_hal *hal, enum kb_area area, void *data,
                   size_t room, size_t *length);
/* Writes a new copy and reads it back; false where the storage fails, and the old one stands. */
bool kb_store_save(struct kb_store *store, const void *data, size_t length);

#endif
