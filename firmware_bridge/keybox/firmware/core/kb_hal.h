/* The hardware a box stands on, as one table of functions: everything the core knows of a board.
 *
 * `self` is handed back to every function. The core calls them from one thread, never from an
 * interrupt. A new board is one folder under hal/ that fills this table and calls kb_box_poll().
 */
#ifndef KB_HAL_H
#define KB_HAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Non-volatile storage comes in areas of whole sectors, as NOR flash has them: erasing a sector
 * makes every byte 0xFF, programming only clears bits. Power may go within either: a torn
 * programming leaves any mixture of old and new bits in the bytes it covers, a torn erasure
 * anything in its sector, and neither touches another sector. */
#define KB_SECTOR 4096u

enum kb_area {
    KB_AREA_STATE,  /* kb_state: keys, budget, clock (kb_store) */
    KB_AREA_BOOT,   /* kb_update: slots, trial, rollback counter (kb_store) */
    KB_AREA_LOG,    /* kb_log: the ring */
    KB_AREA_LIST_0, /* kb_list: a serial lock's own list, one in force, one being written */
    KB_AREA_LIST_1,
    KB_AREA_SLOT_0, /* firmware images */
    KB_AREA_SLOT_1,
    KB_AREAS
};

#define KB_STATE_SECTORS 4u
#define KB_BOOT_SECTORS 2u
#define KB_LOG_SECTORS 8u
#define KB_LIST_SECTORS 4u
#define KB_SLOT_SECTORS 64u /* 256 KiB an image */

/* Bits of inputs, as the link tells them; the core adds KB_IN_JAMMED and KB_IN_SUPPLY_LOW. */
enum kb_input {
    KB_IN_LEAF_OPEN = 1,
    KB_IN_BOLT_RETRACTED = 2,
    KB_IN_REX = 4,
    KB_IN_MECHANICAL_KEY = 8,
    KB_IN_TAMPER = 16,
    KB_IN_JAMMED = 32,
    KB_IN_KEY_ABSENT = 64,
    KB_IN_SUPPLY_LOW = 128
};

enum kb_feedback {
    KB_FEEDBACK_IDLE = 0,
    KB_FEEDBACK_GRANTED = 1,
    KB_FEEDBACK_DENIED = 2,
    KB_FEEDBACK_KEY = 3,
    KB_FEEDBACK_LOCKED_OUT = 4,
    KB_FEEDBACK_BUSY = 5
};

enum kb_reset {
    KB_RESET_POWER = 1,
    KB_RESET_WATCHDOG = 2,
    KB_RESET_SOFTWARE = 3,
    KB_RESET_UPDATE = 4,  /* the first start of a new image (kb_update_init says so) */
    KB_RESET_FALLBACK = 5 /* back in the old image after a trial that failed (likewise) */
};

#define KB_TEMPERATURE_UNKNOWN 0x7FFF

struct kb_hal {
    void *self;

    /* What this image is. */
    uint32_t firmware_version;
    const uint8_t *firmware_key; /* 32 bytes: the Ed25519 key that signs firmware */

    /* The maintenance link, 115200 8N1. `uart_read` never blocks and gives how many bytes it put
     * into `data`. `uart_write` queues or sends all of it (at most 520 bytes a call). */
    size_t (*uart_read)(void *self, uint8_t *data, size_t room);
    void (*uart_write)(void *self, const uint8_t *data, size_t length);

    /* The clock with its own cell: whole seconds as last written and counted on since. False where
     * it has stopped since it was last written: what it shows is then meaningless. */
    bool (*rtc_read)(void *self, uint32_t *seconds);
    bool (*rtc_write)(void *self, uint32_t seconds);
    /* Milliseconds since this start; never goes back. */
    uint64_t (*monotonic_ms)(void *self);
    /* Random bytes fit for keys. False where the source is not healthy. */
    bool (*random)(void *self, uint8_t *data, size_t length);

    /* Storage. `offset + length` lies within the area (an own check may refuse what does not);
     * `nv_erase` takes the start of a sector. Each is done when it returns true. */
    bool (*nv_read)(void *self, enum kb_area area, uint32_t offset, void *data, uint32_t length);
    bool (*nv_erase)(void *self, enum kb_area area, uint32_t offset);
    bool (*nv_program)(void *self, enum kb_area area, uint32_t offset, const void *data,
                       uint32_t length);

    /* The supply in mV (0 unknown) and the temperature in 0.1 degrees C. */
    uint16_t (*battery_mv)(void *self);
    int16_t (*temperature)(void *self);

    /* Switches, debounced, as bits of enum kb_input, and which of them are fitted at all. */
    uint16_t (*inputs)(void *self);
    uint16_t inputs_fitted;
    /* The next key that was pressed ('0'-'9', '*', '#'), 0 for none. */
    char (*key)(void *self);
    void (*bolt)(void *self, bool released);
    void (*feedback)(void *self, enum kb_feedback feedback);

    void (*watchdog_kick)(void *self);
    /* Starts the device anew through its boot loader; may return (a simulator), and the core then
     * does nothing more. */
    void (*reboot)(void *self);
    /* Which slot this image runs from (0 or 1), and why the device started. */
    uint8_t (*slot)(void *self);
    enum kb_reset (*reset_cause)(void *self);
    /* How long an image the boot loader can start, where that is less than a slot; else 0. */
    uint32_t image_room;

    /* A key of 32 bytes that is this chip's own and that nobody who opens the case can read (OTP
     * behind a signed boot, a secure element): what the device remembers is then sealed under it
     * (kb_seal). NULL on a board that has no such place, and the state lies in flash as it is. */
    bool (*seal_key)(void *self, uint8_t key[32]);
};

/* The size of an area in bytes. */
static inline uint32_t kb_area_size(enum kb_area area)
{
    switch (area) {
    case KB_AREA_STATE:
        return KB_STATE_SECTORS * KB_SECTOR;
    case KB_AREA_BOOT:
        return KB_BOOT_SECTORS * KB_SECTOR;
    case KB_AREA_LOG:
        return KB_LOG_SECTORS * KB_SECTOR;
    case KB_AREA_LIST_0:
    case KB_AREA_LIST_1:
        return KB_LIST_SECTORS * KB_SECTOR;
    case KB_AREA_SLOT_0:
    case KB_AREA_SLOT_1:
        return KB_SLOT_SECTORS * KB_SECTOR;
    case KB_AREAS:
    default:
        return 0;
    }
}

#endif
