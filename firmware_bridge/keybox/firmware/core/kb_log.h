/* The log: a ring of records that outlives the power, with a gap where one is damaged.
 *
 * A sector holds a head of 16 bytes (magic 4 | epoch 4 | first index 4 | 0 0 | crc 2) and 170
 * records of 24; a record's place gives its index, so a torn one is a gap and its index is not given
 * out twice. The sector that is oldest is erased when it is its turn: at least 1,190 records stand.
 */
#ifndef KB_LOG_H
#define KB_LOG_H

#include "kb_hal.h"

#define KB_RECORD 24u
#define KB_LOG_PER_SECTOR 170u

enum kb_log_kind {
    KB_LOG_STARTED = 1,
    KB_LOG_ACCEPTED = 2,
    KB_LOG_REFUSED = 3,
    KB_LOG_LOCKOUT = 4,
    KB_LOG_OPENED = 5,
    KB_LOG_CLOSED = 6,
    KB_LOG_KEY_TAKEN = 7,
    KB_LOG_KEY_RETURNED = 8,
    KB_LOG_BATTERY = 9,
    KB_LOG_TAMPER = 10,
    KB_LOG_TAMPER_CLEARED = 11,
    KB_LOG_JAMMED = 12,
    KB_LOG_JAM_CLEARED = 13,
    KB_LOG_MECHANICAL_KEY = 14,
    KB_LOG_CLOCK_SET = 15,
    KB_LOG_SECRET_CHANGED = 16,
    KB_LOG_FIRMWARE_UPDATED = 17,
    KB_LOG_FIRMWARE_REFUSED = 18,
    KB_LOG_CLEARED = 19,
    KB_LOG_SESSION_OPENED = 20,
    KB_LOG_SESSION_REFUSED = 21,
    KB_LOG_LIST_PLACED = 22,
    KB_LOG_LIST_ACCEPTED = 23,
    KB_LOG_HOST_RELEASED = 24,
    KB_LOG_FORCED = 25,
    KB_LOG_HELD = 26,
    KB_LOG_REX = 27,
    KB_LOG_GENERATION_RETIRED = 28
};

struct kb_log {
    const struct kb_hal *hal;
    uint32_t epoch;
    uint32_t next;
    bool has_sector[KB_LOG_SECTORS];
    uint32_t first[KB_LOG_SECTORS]; /* index of a sector's first record */
};

/* What a record says beside its index, boot and crc. */
struct kb_record {
    uint32_t time_s;
    uint16_t error_s;
    uint16_t boot;
    uint8_t kind;
    uint8_t reason;
    uint8_t data[8];
};

/* Finds the ring of `epoch`, which reached at least `floor` when that was last saved. False where it
 * is blank, of another epoch, or ends before: then kb_log_reset starts a new one. */
bool kb_log_open(struct kb_log *log, const struct kb_hal *hal, uint32_t epoch, uint32_t floor);
/* Erases all and starts anew under an epoch that was never used. */
bool kb_log_reset(struct kb_log *log, uint32_t epoch);
bool kb_log_append(struct kb_log *log, const struct kb_record *record);
/* The oldest index that may still be there. */
uint32_t kb_log_oldest(const struct kb_log *log);
/* Puts the 24 bytes of a record into `record`; false where it is gone or damaged. */
bool kb_log_read(const struct kb_log *log, uint32_t index, uint8_t record[KB_RECORD]);
/* Overwrites the records below `end` with zeros. */
bool kb_log_wipe(struct kb_log *log, uint32_t end);

#endif
